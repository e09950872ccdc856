import type { Job } from '../../base/job.ts'
import { isPacked } from './entry-faults.ts'
import { hostOf, isExclusive, withExclusive } from './entry.ts'
import { type Examined, read } from './examined.ts'

/** An entry of the active map whose bit 63 does not say what the count says. */
export interface WrongFlag {
  what: 'L2 table' | 'data cluster'
  /** host offset in bytes of what the entry points at, and the count of that */
  host: number
  count: number
  /** guest offset in bytes of the first byte that the entry stands for */
  guest: number
  /** byte of the entry in its table, and its high word as it should be */
  at: number
  high: number
}

/** A table with wrong flags: its host offset, its bytes as they are, and the entries. */
export interface FlaggedTable {
  at: number
  bytes: DataView
  wrong: WrongFlag[]
}

/**
 * Finds where bit 63 of the active map is wrong: it must be set where the count is one, and nowhere else (section "L1 table entry"); first
 * the L1 table, then the L2 tables. `countOf` answers with the count of a cluster, or undefined where that is not known.
 */
export function* wrongFlags(image: Examined, countOf: (cluster: number) => number | undefined, job: Job): Generator<FlaggedTable> {
  const { storage, header, geometry } = image
  const { clusterSize, l2EntryBytes } = geometry
  const flagsOf = (what: WrongFlag['what'], bytes: DataView, step: number, guest: number, reach: number): WrongFlag[] => {
    const wrong: WrongFlag[] = []
    for (let at = 0; at < bytes.byteLength; at += step) {
      const high = bytes.getUint32(at)
      const host = hostOf(high, bytes.getUint32(at + 4))
      if (host === 0 || isPacked(high)) continue
      const count = countOf(Math.floor(host / clusterSize))
      if (count === undefined || isExclusive(high) === (count === 1)) continue
      wrong.push({ what, host, count, guest: guest + (at / step) * reach, at, high: withExclusive(high, count === 1) })
    }
    return wrong
  }
  const l1 = read(storage, header.l1Offset, header.l1Size * 8)
  const wrongTables = flagsOf('L2 table', l1, 8, 0, geometry.l2Reach)
  if (wrongTables.length > 0) yield { at: header.l1Offset, bytes: l1, wrong: wrongTables }
  // Clusters of a data file have no count.
  if (geometry.external) return
  for (let i = 0; i < header.l1Size; i++) {
    const table = hostOf(l1.getUint32(i * 8), l1.getUint32(i * 8 + 4))
    if (table === 0) continue
    job.checkpoint()
    const bytes = read(storage, table, clusterSize)
    const wrong = flagsOf('data cluster', bytes, l2EntryBytes, i * geometry.l2Reach, clusterSize)
    if (wrong.length > 0) yield { at: table, bytes, wrong }
  }
}
