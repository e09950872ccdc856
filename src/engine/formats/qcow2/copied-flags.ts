import type { Job } from '../../base/job.ts'
import { isPacked } from './entry-faults.ts'
import { hostOf, isExclusive } from './entry.ts'
import { type Examined, read } from './examined.ts'

/** An entry of the active map whose bit 63 does not say what the count says. */
export interface WrongFlag {
  /** of what: `L2 table` or `data cluster` */
  what: string
  /** host offset in bytes of what the entry points at */
  host: number
  count: number
  /** where the entry lies in the file, and the host offset of its table */
  place: number
  table: number
  /** the high word of the entry as it should be */
  high: number
}

const COPIED = 0x80000000

/**
 * Finds where bit 63 of the active map is wrong: it must be set where the count is one, and nowhere else (section "L1 table entry").
 * `countOf` answers with the count of a cluster, or undefined where that is not known.
 */
export function* wrongFlags(image: Examined, countOf: (cluster: number) => number | undefined, job: Job): Generator<WrongFlag> {
  const { storage, header, geometry } = image
  const { clusterSize, l2EntryBytes } = geometry
  const l1 = read(storage, header.l1Offset, header.l1Size * 8)
  const wrong = (what: string, high: number, host: number, place: number, table: number): WrongFlag | undefined => {
    const count = countOf(Math.floor(host / clusterSize))
    if (count === undefined || isExclusive(high) === (count === 1)) return undefined
    return { what, host, count, place, table, high: (count === 1 ? high | COPIED : high & ~COPIED) >>> 0 }
  }
  for (let i = 0; i < header.l1Size; i++) {
    const high = l1.getUint32(i * 8)
    const table = hostOf(high, l1.getUint32(i * 8 + 4))
    if (table === 0) continue
    job.checkpoint()
    const flag = wrong('L2 table', high, table, header.l1Offset + i * 8, header.l1Offset)
    if (flag) yield flag
    if (geometry.external) continue
    const l2 = read(storage, table, clusterSize)
    for (let at = 0; at < clusterSize; at += l2EntryBytes) {
      const entry = l2.getUint32(at)
      const host = hostOf(entry, l2.getUint32(at + 4))
      if (host === 0 || isPacked(entry)) continue
      const dataFlag = wrong('data cluster', entry, host, table + at, table)
      if (dataFlag) yield dataFlag
    }
  }
}
