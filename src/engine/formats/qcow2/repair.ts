import type { CheckReport } from '../../../shared/model.ts'
import type { RepairScope } from '../../../shared/requests.ts'
import { alignUp } from '../../base/ints.ts'
import { type Job, unwatched } from '../../base/job.ts'
import type { Storage } from '../../io/storage.ts'
import { Appender } from './appender.ts'
import { type Checked, located, runCheck } from './check.ts'
import { Findings } from './findings.ts'
import { type Header, readDamagedHeader, writeFeatures } from './header.ts'
import { AUTOCLEAR, INCOMPATIBLE } from './layout.ts'
import { lowerCounts, mendFlags, raiseCounts } from './mend-counts.ts'
import { MapMender } from './mend-map.ts'
import { mendBitmaps, mendedSnapshots } from './mend-tables.ts'

/** What is mended may bring to light what it hid; more rounds than these bring nothing. */
const MOST_ROUNDS = 4

/**
 * Mends an image in place. `leaks` lowers counts that are too high; `all` also drops or corrects what is impossible, and writes the reference
 * counts anew where they are broken. No count goes down while something points there, and nothing points at what is not down and counted: a
 * power cut leaves an image in which no more is wrong than before. Reports what is left, and what was mended.
 */
export function repairImage(storage: Storage, scope: RepairScope, job: Job): CheckReport {
  const mends = new Findings()
  let checked = runCheck(storage, job)
  if (!checked.findings.clean && forgetUnknown(checked, mends)) checked = runCheck(storage, job)
  if (!checked.findings.clean) checked = scope === 'leaks' ? mendLeaks(checked, mends, job) : mendAll(checked, mends, job)
  if (checked.findings.corruptions + checked.findings.errors === 0) clearMarks(storage, checked.image.header)
  return { ...located(checked, job), corruptionsFixed: mends.corruptions, leaksFixed: mends.leaks, repairs: mends.kept }
}

/**
 * Mends an image that was not closed cleanly, as it must be before it is written: its counts may be stale (section "Header", dirty bit). One
 * that is marked as damaged, or that can't be mended, stays as it is, and keeps its marks.
 */
export function repairDirty(storage: Storage): void {
  const { incompatible } = readDamagedHeader(storage)
  if ((incompatible & INCOMPATIBLE.dirty) !== 0n && (incompatible & INCOMPATIBLE.corrupt) === 0n) repairImage(storage, 'all', unwatched)
}

function mendLeaks(before: Checked, mends: Findings, job: Job): Checked {
  const { storage } = before.image
  // Where clusters in use count as free, the counts are no measure of what is lost.
  if (before.survey.brokenBlocks + before.verdict.uncounted + before.findings.errors > 0) return before
  lowerCounts(before, before.findings.corruptions === 0, mends, job)
  let now = runCheck(storage, job)
  // Bit 63 can be told from the counts only where these are right.
  if (now.verdict.wrongFlags > 0 && now.findings.corruptions === now.verdict.wrongFlags && now.findings.leaks + now.findings.errors === 0) {
    mendFlags(now, mends, job)
    now = runCheck(storage, job)
  }
  return now
}

function mendAll(before: Checked, mends: Findings, job: Job): Checked {
  const { storage } = before.image
  const punch = before.findings.corruptions === 0
  let now = before
  for (let round = 0; round < MOST_ROUNDS && !now.findings.clean; round++) {
    const zeros = needsZeros(now) ? lengthen(now) : undefined
    if (zeros !== undefined) now = runCheck(storage, job)
    // What can be taken away goes first: then nothing leads into the room behind the image's end.
    const changed = new MapMender(now.image, now.survey, mends, zeros).inPlace(job)
    if (mendBitmaps(now.image, now.survey, mends) || changed) now = runCheck(storage, job)
    if (publish(now, mends, job)) now = runCheck(storage, job)
    if (now.verdict.tooLow === 0 && now.findings.errors === 0) {
      mendFlags(now, mends, job)
      lowerCounts(now, punch, mends, job)
    }
    now = runCheck(storage, job)
  }
  return now
}

/** In version 2 nothing but a cluster of zeros reads as zeros over a backing file, as clusters past the end of a file that was cut short do. */
function needsZeros({ image: { geometry, header }, survey: { danglingEnd, farOut } }: Checked): boolean {
  return geometry.version === 2 && header.backing !== undefined && (danglingEnd > 0 || farOut)
}

/** Gives the file the length back that entries speak of, and a cluster of zeros behind it for those that lead too far; answers with its offset. */
function lengthen({ image: { storage, geometry, fileSize }, survey: { danglingEnd } }: Checked): number {
  const zeros = alignUp(Math.max(fileSize, danglingEnd), geometry.clusterSize)
  storage.truncate(zeros + geometry.clusterSize)
  storage.flush()
  return zeros
}

/** Lays down what needs room of its own, counts it and all else that is not counted enough, and only then lets anything point at it. */
function publish(now: Checked, mends: Findings, job: Job): boolean {
  const room = new Appender(now.image, now.survey.tally)
  const map = new MapMender(now.image, now.survey, mends)
  map.plan(room, job)
  const snapshots = mendedSnapshots(now.image, now.survey, map.movedSnapshots, room, mends)
  if (!room.used && !snapshots && now.verdict.tooLow + now.survey.brokenBlocks === 0) return false
  now.image.storage.flush()
  raiseCounts(now, room, mends, job)
  map.apply(job)
  snapshots?.()
  return true
}

/**
 * What Strata does not know of is not kept up by a repair, and no data file is raw that is not there (section "Header", autoclear features).
 * Answers whether anything changed.
 */
function forgetUnknown({ image: { storage, header, geometry } }: Checked, mends: Findings): boolean {
  const kept = header.autoclear & (AUTOCLEAR.bitmaps | (geometry.external ? AUTOCLEAR.rawDataFile : 0n))
  if (kept === header.autoclear) return false
  if ((header.autoclear & ~kept & AUTOCLEAR.rawDataFile) !== 0n) mends.add('corruption', 'Repairing the autoclear features', 88)
  header.autoclear = kept
  writeFeatures(storage, header)
  storage.flush()
  return true
}

/** The marks of an image that was not closed cleanly, or was found damaged, are of the past. */
function clearMarks(storage: Storage, header: Header): void {
  const next = header.incompatible & ~(INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt)
  if (next === header.incompatible) return
  header.incompatible = next
  writeFeatures(storage, header)
  storage.flush()
}
