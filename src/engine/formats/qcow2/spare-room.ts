import { ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
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

/** Bytes of the files of an image that nobody uses and that take room. */
export function spareBytes(image: Image, job: Job): number {
  let bytes = 0
  for (const { length } of writtenSpare(image, job)) bytes += length
  return bytes
}

/** Makes holes of what nobody uses. What is found must be on stable storage, and the image sound: a count of zero is believed. */
export function punchSpare(image: Image, job: Job): void {
  for (const { storage, at, length } of writtenSpare(image, job)) {
    if (storage === image.storage) image.metadata.assertApart(at, length)
    storage.zeroAt(at, length)
  }
}

/** The parts of spare runs that are written. */
function* writtenSpare(image: Image, job: Job): Generator<SpareRun> {
  yield* written(image.storage, freeClusters(image, job))
  if (image.geometry.external && !image.raw && image.snapshotTable.snapshots.length === 0) yield* written(image.data, unmapped(image, job))
}

function* written(storage: Storage, runs: Iterable<{ at: number; length: number }>): Generator<SpareRun> {
  const known = new WrittenRuns(storage)
  for (const { at, length } of runs)
    for (let done = 0; done < length;) {
      const run = known.run(at + done, length - done)
      if (run.written) yield { storage, at: at + done, length: run.length }
      done += run.length
    }
}

/** The runs of clusters of the file whose count is zero. */
function* freeClusters({ storage, geometry, refcounts }: Image, job: Job): Generator<{ at: number; length: number }> {
  const { clusterSize } = geometry
  const total = ceilDiv(storage.size, clusterSize)
  for (let first = 0; first < total;) {
    let end = first
    while (end < total && end - first < LOOKS && refcounts.get(end) === 0) end++
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
