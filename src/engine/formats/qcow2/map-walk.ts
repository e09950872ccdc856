import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import type { Job } from '../../base/job.ts'
import { readPadded } from '../../io/storage.ts'
import { isPacked } from './entry-faults.ts'
import { decodeL2, hasHost, hostOf, isExclusive, l1Fault, l2Fault, withExclusive } from './entry.ts'
import type { Image } from './image.ts'

/** Changed L2 tables are written back in pieces of this many bytes. */
const PIECE = 4096

/** What a walk does with a map. Host clusters by number. */
export interface MapWalk {
  /** the words of the job's progress */
  phase: string
  /** Hears of what the entries of each L2 table point at, and then of the table: `count` clusters from `first` on, once for every pointer. */
  visit?: (first: number, count: number) => void
  /** What bit 63 of an entry that points at `cluster` shall say. Where absent, entries stay as they are. */
  exclusive?: (cluster: number) => boolean
}

/**
 * Goes through all that an L1 table refers to, table by table, without the cache: a map may be as large as gigabytes. L2 tables that change
 * are written in place, and changes of the L1 table go into `l1` alone. Throws `CORRUPT` for an entry that is impossible.
 */
export function walkMap(image: Image, l1: Uint8Array, walk: MapWalk, job: Job): void {
  const { geometry, storage } = image
  const { clusterSize } = geometry
  const view = viewOf(l1)
  const table = new Uint8Array(clusterSize)
  for (let at = 0; at < l1.length; at += 8) {
    const host = tableOf(image, view, at)
    if (host === undefined) continue
    job.checkpoint()
    job.report({ phase: walk.phase, done: at, total: l1.length })
    if (walk.exclusive) view.setUint32(at, withExclusive(view.getUint32(at), walk.exclusive(host / clusterSize)))
    readPadded(storage, host, table)
    walkTable(image, host, table, walk)
    // Last: whoever gives it back makes a hole of it.
    walk.visit?.(host / clusterSize, 1)
  }
  job.report({ phase: walk.phase, done: l1.length, total: l1.length })
}

/** Host offset of the L2 table that the entry at `at` of an L1 table names; undefined for none. Throws `CORRUPT` for an entry that is impossible. */
export function tableOf(image: Image, l1: DataView, at: number): number | undefined {
  const { geometry, storage } = image
  const high = l1.getUint32(at)
  const low = l1.getUint32(at + 4)
  if ((high | low) === 0) return undefined
  const host = hostOf(high, low)
  const fault = l1Fault(high, low, geometry) ?? (host === 0 || host >= storage.size ? 'the L2 table lies outside the file' : undefined)
  if (fault !== undefined) throw impossible(image, fault, host, `l1[${at / 8}]`)
  return host
}

/** The same for what one L2 table refers to, without the table itself. `table` holds its bytes, which lie at `host` in the file. */
export function walkTable(image: Image, host: number, table: Uint8Array, { visit, exclusive }: MapWalk): void {
  const { geometry, storage } = image
  const { clusterSize, l2EntryBytes, extendedL2, external } = geometry
  const view = viewOf(table)
  // Most tables are nearly empty, and the byte order of zeros is no matter.
  const words = new Int32Array(table.buffer, table.byteOffset, table.length / 4)
  const changed = new Set<number>()
  // Clusters that lie one behind the other are told together.
  let first = 0
  let count = 0
  for (let at = 0; at < table.length; at += l2EntryBytes) {
    if ((words[at >>> 2]! | words[(at >>> 2) + 1]!) === 0) continue
    const high = view.getUint32(at)
    const low = view.getUint32(at + 4)
    const fault = extendedL2 ? l2Fault(high, low, geometry, view.getUint32(at + 8), view.getUint32(at + 12)) : l2Fault(high, low, geometry)
    if (fault !== undefined) throw impossible(image, fault, host + at, `l2[${at / l2EntryBytes}]`)
    if (external) continue
    if (isPacked(high)) {
      const entry = decodeL2(high, low, geometry)
      if (entry.is === 'packed' && visit) {
        const start = Math.floor(entry.host / clusterSize)
        visit(start, Math.ceil((entry.host + entry.length) / clusterSize) - start)
      }
      continue
    }
    if (!hasHost(high, low, external)) continue
    const cluster = hostOf(high, low) / clusterSize
    if (exclusive && isExclusive(high) !== exclusive(cluster)) {
      view.setUint32(at, withExclusive(high, !isExclusive(high)))
      changed.add(Math.floor(at / PIECE))
    }
    if (cluster === first + count) count++
    else {
      if (count > 0) visit?.(first, count)
      first = cluster
      count = 1
    }
  }
  if (count > 0) visit?.(first, count)
  for (const piece of changed) storage.writeAt(host + piece * PIECE, table.subarray(piece * PIECE, (piece + 1) * PIECE))
}

function impossible(image: Image, fault: string, offset: number, field: string): StrataError {
  return new StrataError(
    'CORRUPT',
    `An entry of the cluster map is impossible: ${fault}`,
    { path: image.storage.path, offset, field },
    'Run Check on this image, and repair it first.',
  )
}
