import type { Job } from '../../base/job.ts'
import type { Appender } from './appender.ts'
import type { Checked } from './check.ts'
import { wrongFlags } from './copied-flags.ts'
import type { Examined } from './examined.ts'
import { type Findings, hex } from './findings.ts'
import { rebuildCounts } from './rebuild-counts.ts'
import { clustersToCompare } from './stored-counts.ts'

/**
 * Lets no stored count be lower than the tally has it: in place where that is possible, else by writing the reference counts anew. What was
 * taken from `room` is counted too.
 */
export function raiseCounts(checked: Checked, room: Appender, mends: Findings, job: Job): void {
  const { image, counts, survey, verdict } = checked
  const { tally } = survey
  if (survey.brokenBlocks === 0 && !verdict.uncountable && canCount(checked, room)) return raiseInPlace(checked, room, mends, job)
  mends.add('corruption', 'Rebuilding the reference counts')
  mends.corruptions += verdict.tooLow + survey.brokenBlocks - 1
  mends.leaks += verdict.tooHigh
  const { header, geometry, fileSize } = image
  const forget = (at: number, length: number): void => {
    for (let done = 0; done < length; done += geometry.clusterSize) tally.remove((at + done) / geometry.clusterSize)
  }
  const tableBytes = header.refcountTableClusters * geometry.clusterSize
  if (header.refcountTableOffset + tableBytes - fileSize < geometry.clusterSize) forget(header.refcountTableOffset, tableBytes)
  for (let i = 0; i < counts.blocks; i++) {
    const block = counts.block(i)
    if (block.is === 'present') forget(block.at, geometry.clusterSize)
  }
  rebuildCounts(image, tally, room, job)
}

/** Whether what was taken from `room` can be counted in blocks that are there. */
function canCount({ counts }: Checked, room: Appender): boolean {
  for (let cluster = room.first; cluster < room.end; cluster++) if (!counts.has(cluster)) return false
  return true
}

function raiseInPlace({ image, counts, survey: { tally } }: Checked, room: Appender, mends: Findings, job: Job): void {
  const differs = (cluster: number, stored: number, found: number): void => {
    if (stored > found || stored === counts.counters.max) return
    counts.set(cluster, Math.min(found, counts.counters.max))
    if (cluster < room.first) tell(mends, 'corruption', image, cluster, stored, found)
  }
  counts.compare(tally, { differs, unreadable() {} }, clustersToCompare(image, tally), job)
  counts.write()
  image.storage.flush()
}

/** Lowers stored counts to what the tally has. With `punch`, what nobody uses any more becomes a hole of the file. */
export function lowerCounts({ image, counts, survey: { tally } }: Checked, punch: boolean, mends: Findings, job: Job): void {
  const { storage, geometry, fileSize } = image
  const free: number[] = []
  const differs = (cluster: number, stored: number, found: number): void => {
    if (stored < found || !counts.set(cluster, found)) return
    tell(mends, 'leak', image, cluster, stored, found)
    if (found === 0 && punch) free.push(cluster)
  }
  counts.compare(tally, { differs, unreadable() {} }, clustersToCompare(image, tally), job)
  counts.write()
  storage.flush()
  for (let i = 0; i < free.length;) {
    let count = 1
    while (free[i + count] === free[i]! + count) count++
    const at = free[i]! * geometry.clusterSize
    storage.zeroAt(at, Math.min(count * geometry.clusterSize, fileSize - at))
    i += count
  }
}

function tell(mends: Findings, kind: 'corruption' | 'leak', { geometry }: Examined, cluster: number, stored: number, found: number): void {
  mends.add(kind, `Repairing cluster ${cluster} refcount=${stored} reference=${found}`, cluster * geometry.clusterSize)
}

/** Sets bit 63 in the active map where the tally has one user, and clears it everywhere else; each table is written once. */
export function mendFlags({ image, counts, survey: { tally } }: Checked, mends: Findings, job: Job): void {
  for (const { at, bytes, wrong } of wrongFlags(image, (cluster) => tally.get(cluster), job)) {
    // What passes for a table in a badly damaged image may be what all else hangs on.
    if (at < image.geometry.clusterSize || counts.holds(at)) continue
    for (const { what, host, count, at: entry, high } of wrong) {
      bytes.setUint32(entry, high)
      mends.add('corruption', `Repairing OFLAG_COPIED ${what} at ${hex(host)}: refcount=${count}`, at + entry)
    }
    image.storage.writeAt(at, new Uint8Array(bytes.buffer))
  }
  image.storage.flush()
}
