import type { CheckReport } from '../../../shared/model.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { Storage } from '../../io/storage.ts'
import { wrongFlags } from './copied-flags.ts'
import { type Examined, examine } from './examined.ts'
import { Findings, hex } from './findings.ts'
import { MARK } from './reference-tally.ts'
import { clustersToCompare, StoredCounts } from './stored-counts.ts'
import { type Survey, survey } from './survey.ts'

/** A check that has run: what was found, and what it was found from. */
export interface Checked {
  image: Examined
  counts: StoredCounts
  survey: Survey
  findings: Findings
  /** bytes up to the end of the last cluster that is counted or referred to */
  imageEnd: number
}

/** Walks every structure of the image, counts the references, and compares them with the stored counts. Changes nothing. */
export function checkImage(storage: Storage, job: Job): CheckReport {
  return reportOf(runCheck(storage, job))
}

export function runCheck(storage: Storage, job: Job): Checked {
  const image = examine(storage)
  const findings = new Findings()
  const counts = new StoredCounts(image)
  const surveyed = survey(image, counts, findings, job)
  return { image, counts, survey: surveyed, findings, imageEnd: compare(image, counts, surveyed, findings, job) }
}

/** The survey's verdict on the stored counts and on bit 63; answers with the end of what is in use. */
function compare(image: Examined, counts: StoredCounts, { tally }: Survey, findings: Findings, job: Job): number {
  const { clusterSize } = image.geometry
  const seen = { highest: 0, flagsWrong: false }
  const used = (cluster: number, stored: number, found: number): void => {
    seen.highest = cluster
    // The walk has left on each cluster what entries claim of it, so that a sound map need not be walked again.
    if ((tally.marks(cluster) & (stored === 1 ? MARK.shared : MARK.exclusive)) !== 0) seen.flagsWrong = true
    if (stored === found) return
    const message = `cluster ${cluster} refcount=${stored} reference=${found}`
    if (stored > found) findings.add('leak', `Leaked ${message}`, cluster * clusterSize)
    else findings.add('corruption', `ERROR ${message}`, cluster * clusterSize)
  }
  const unreadable = (cluster: number): void =>
    findings.add('error', `ERROR: can't get the refcount of cluster ${cluster}: its refcount block is nowhere`, cluster * clusterSize)
  counts.compare(tally, { used, unreadable }, clustersToCompare(image, tally), job)
  if (seen.flagsWrong)
    for (const { what, host, count, place } of wrongFlags(image, (cluster) => counts.get(cluster), job))
      findings.add('corruption', `ERROR OFLAG_COPIED ${what} at ${hex(host)}: refcount=${count}`, place)
  return (seen.highest + 1) * clusterSize
}

export function reportOf({
  image,
  survey: { allocatedClusters, fragmentedClusters, compressedClusters },
  findings,
  imageEnd,
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
    imageEndOffset: imageEnd,
    clusterSize: geometry.clusterSize,
  }
}
