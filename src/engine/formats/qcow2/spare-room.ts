import { alignDown, alignUp, ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { BLOCK } from '../../io/room-given.ts'
import { WrittenRuns } from '../../io/written-runs.ts'
import type { Storage } from '../../io/storage.ts'
import type { Image } from './image.ts'

/** Clusters, or bytes of a data file in clusters, that are looked at before anybody looks at the job. */
const LOOKS = 65536

interface SpareRun {
  storage: Storage
  at: number
  length: number
}

/** Makes holes of what nobody uses. What is found must be on stable storage, and the image sound: a count of zero is believed. */
export function punchSpare(image: Image, job: Job): void {
  let known = { storage: image.storage, written: new WrittenRuns(image.storage) }
  for (const { storage, at, length } of spareRuns(image, job)) {
    if (known.storage !== storage) known = { storage, written: new WrittenRuns(storage) }
    // Within a block there is nothing to win.
    const end = at + length === storage.size ? storage.size : alignDown(at + length, BLOCK)
    for (let from = alignUp(at, BLOCK); from < end;) {
      const run = known.written.run(from, end - from)
      if (run.written) {
        if (storage === image.storage) image.metadata.assertApart(from, run.length)
        storage.zeroAt(from, run.length)
      }
      from += run.length
    }
  }
}

/** The runs of the files of an image that nobody uses, written or not. */
export function* spareRuns(image: Image, job: Job): Generator<SpareRun> {
  for (const run of freeClusters(image, job)) yield { storage: image.storage, ...run }
  if (!image.geometry.external || image.raw || image.snapshotTable.snapshots.length > 0) return
  for (const run of unmapped(image, job)) yield { storage: image.data, ...run }
}

/** The runs of clusters of the file whose count is zero. */
function* freeClusters({ storage, geometry, refcounts }: Image, job: Job): Generator<{ at: number; length: number }> {
  const { clusterSize } = geometry
  const total = ceilDiv(storage.size, clusterSize)
  for (let first = 0; first < total;) {
    let end = first
    while (end < total && end - first < LOOKS && refcounts.get(end) === 0) end = refcounts.nextCounted(end + 1, total)
    if (end > first) yield { at: first * clusterSize, length: Math.min(end * clusterSize, storage.size) - first * clusterSize }
    first = end
    for (let looked = 0; first < total && looked < LOOKS && refcounts.get(first) !== 0; looked++) first++
    job.checkpoint()
    job.report({ phase: 'Giving space back', done: first, total })
  }
}

/** The guest ranges that a data file holds no bytes of, each at its own offset. */
function* unmapped({ mapping, header }: Image, job: Job): Generator<{ at: number; length: number }> {
  for (let at = 0; at < header.size;) {
    job.checkpoint()
    const run = mapping.run(at, header.size - at)
    if (run.kind !== 'data') yield { at, length: run.length }
    at += run.length
  }
}
