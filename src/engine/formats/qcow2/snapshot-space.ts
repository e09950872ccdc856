import type { SnapshotSpace } from '../../../shared/snapshot-space.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { readPadded } from '../../io/storage.ts'
import { Holders } from './holders.ts'
import type { Image } from './image.ts'
import { readL1 } from './l1-place.ts'
import { tableOf, walkTable } from './map-walk.ts'

/** Bytes of tables that are read when nobody asked to be thorough: the map of 4 TiB in clusters of 64 KiB. */
const QUICK = 512 * 2 ** 20

/**
 * What the disk and each snapshot hold, alone and with others, judged by their maps. Tables that several share are read once. Undefined where there
 * is too much to be told apart in bounded memory, or, unless `thorough`, to be read at once. Throws `CORRUPT` for an impossible entry.
 */
export function snapshotSpace(image: Image, thorough: boolean, job: Job): SnapshotSpace | undefined {
  const { storage, geometry, header } = image
  const { clusterSize } = geometry
  const { snapshots } = image.snapshotTable
  const most = thorough ? Infinity : QUICK
  const roots = [header, ...snapshots]
  if (roots.reduce((bytes, { l1Size }) => bytes + l1Size * 8, 0) > most) return undefined
  const holders = new Holders(roots.length)
  // What lies past the end of the file takes no room, and who claims to be there gets none here.
  const clusters = ceilDiv(storage.size, clusterSize)
  const hold = (first: number, count: number, set: number): void => holders.add(first, Math.min(count, clusters - first), set)

  const tables: number[] = []
  for (const [holder, root] of roots.entries()) {
    const l1 = viewOf(readL1(image, root))
    const set = holders.only(holder)
    // A snapshot's own copy of the L1 table goes with it; the disk always has one.
    if (holder > 0) hold(root.l1Offset / clusterSize, ceilDiv(l1.byteLength, clusterSize), set)
    for (let at = 0; at < l1.byteLength; at += 8) {
      const host = tableOf(image, l1, at)
      if (host === undefined) continue
      if (holders.get(host / clusterSize) === 0) tables.push(host)
      hold(host / clusterSize, 1, set)
    }
    if (holders.full || tables.length * clusterSize > most) return undefined
  }

  const table = new Uint8Array(clusterSize)
  for (const [i, host] of tables.entries()) {
    job.checkpoint()
    job.report({ phase: 'Looking', done: i, total: tables.length })
    readPadded(storage, host, table)
    const set = holders.get(host / clusterSize)
    walkTable(image, host, table, { phase: 'Looking', visit: (first, count) => hold(first, count, set) })
    if (holders.full) return undefined
  }
  const [now, ...others] = holders.tell().map(({ alone, shared }) => ({ alone: alone * clusterSize, shared: shared * clusterSize }))
  return { now: now!, snapshots: snapshots.map(({ id }, i) => ({ id, ...others[i]! })) }
}
