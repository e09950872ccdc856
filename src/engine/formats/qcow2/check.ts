import type { CheckReport } from '../../../shared/model.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { Storage } from '../../io/storage.ts'
import type { CheckFacet } from '../driver.ts'
import { wrongFlags } from './copied-flags.ts'
import { type Examined, examine } from './examined.ts'
import { Findings, hex } from './findings.ts'
import type { Image } from './image.ts'
import { locateClusters } from './locate-clusters.ts'
import { clustersToCompare, StoredCounts } from './stored-counts.ts'
import { type Survey, survey } from './survey.ts'

/** What the comparison of stored counts and references gave. */
export interface Verdict {
  /** clusters whose stored count is too low, and too high */
  tooLow: number
  tooHigh: number
  /** clusters in use whose stored count is zero */
  uncounted: number
  /** a count that is too low has no block to stand in, or does not fit there */
  uncountable: boolean
  /** entries of the active map whose bit 63 is wrong */
  wrongFlags: number
  /** bytes up to the end of the last cluster that is counted or referred to */
  imageEnd: number
}

/** A check that has run: what was found, and what it was found from. */
export interface Checked {
  image: Examined
  counts: StoredCounts
  survey: Survey
  findings: Findings
  verdict: Verdict
}

/** The check of an open image: of what has reached the file, after all that waits has. */
export function checkFacet(image: Image): CheckFacet {
  return {
    check(job) {
      image.flush()
      if (image.lazy) image.refcounts.writeDirty()
      return checkImage(image.storage, job)
    },
  }
}

/** Walks every structure of the image, counts the references, and compares them with the stored counts. Changes nothing. */
export function checkImage(storage: Storage, job: Job): CheckReport {
  return located(runCheck(storage, job), job)
}

export function runCheck(storage: Storage, job: Job): Checked {
  const image = examine(storage)
  const findings = new Findings(image.header.size)
  const counts = new StoredCounts(image)
  const surveyed = survey(image, counts, findings, job)
  return { image, counts, survey: surveyed, findings, verdict: compare(image, counts, surveyed, findings, job) }
}

/** The survey's verdict on the stored counts and on bit 63. */
function compare(image: Examined, counts: StoredCounts, { tally }: Survey, findings: Findings, job: Job): Verdict {
  const { clusterSize } = image.geometry
  const seen = { flagsWrong: false, uncountable: false, uncounted: 0, tooLow: 0, tooHigh: 0, wrongFlags: 0 }
  const differs = (cluster: number, stored: number, found: number): void => {
    const message = `cluster ${cluster} refcount=${stored} reference=${found}`
    if (stored > found) seen.tooHigh++
    else {
      seen.tooLow++
      if (stored === 0) seen.uncounted++
      if (!counts.has(cluster) || (found > counts.counters.max && image.geometry.version === 3)) seen.uncountable = true
    }
    if (stored > found) findings.add('leak', `Leaked ${message}`, cluster * clusterSize)
    else findings.add('corruption', `ERROR ${message}`, cluster * clusterSize)
  }
  const unreadable = (cluster: number): void =>
    findings.add('error', `ERROR: can't get the refcount of cluster ${cluster}: its refcount block is nowhere`, cluster * clusterSize)
  // The walk has left on each cluster what entries claim of it, so that a sound map need not be walked again.
  const flagged = (): void => void (seen.flagsWrong = true)
  const highest = counts.compare(tally, { differs, unreadable, flagged }, clustersToCompare(image, tally), job)
  if (seen.flagsWrong)
    for (const { at: table, wrong } of wrongFlags(image, (cluster) => counts.get(cluster), job))
      for (const { what, host, count, guest, at } of wrong) {
        seen.wrongFlags++
        findings.add('corruption', `ERROR OFLAG_COPIED ${what} at ${hex(host)}: refcount=${count}`, table + at, guest)
      }
  const { tooLow, tooHigh, uncounted, uncountable, wrongFlags: flags } = seen
  return { tooLow, tooHigh, uncounted, uncountable, wrongFlags: flags, imageEnd: (highest + 1) * clusterSize }
}

/** The report of a check that is the last one, with the places on the disk of what it found. */
export function located(checked: Checked, job: Job): CheckReport {
  locateClusters(checked.image, checked.findings, job)
  return reportOf(checked)
}

function reportOf({
  image,
  survey: { allocatedClusters, fragmentedClusters, compressedClusters },
  findings,
  verdict,
}: Checked): CheckReport {
  const { storage, header, geometry } = image
  return {
    path: storage.path,
    format: 'qcow2',
    corruptions: findings.corruptions,
    leaks: findings.leaks,
    checkErrors: findings.errors,
    findings: findings.kept,
    totalClusters: ceilDiv(header.size, geometry.clusterSize),
    ...{ allocatedClusters, fragmentedClusters, compressedClusters },
    imageEndOffset: verdict.imageEnd,
    clusterSize: geometry.clusterSize,
  }
}
