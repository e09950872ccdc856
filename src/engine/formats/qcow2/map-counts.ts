import { StrataError } from '../../../shared/errors.ts'
import { type Job, unwatched } from '../../base/job.ts'
import type { Image } from './image.ts'
import { walkMap } from './map-walk.ts'

/**
 * Counts one more user of all that an L1 table refers to. Stopped or failed, the counts are as they were: `CANCELLED`, `CORRUPT` for an
 * impossible entry, `UNSUPPORTED` where the counters are too narrow.
 */
export function raiseCounts(image: Image, l1: Uint8Array, job: Job): void {
  const { refcounts } = image
  let raised = 0
  try {
    const visit = (first: number, count: number): void => {
      if (refcounts.greatest(first, count) >= refcounts.counters.max) throw tooNarrow(image)
      refcounts.addRange(first, count, 1)
      raised++
    }
    walkMap(image, l1, { phase: 'Counting', visit }, job)
  } catch (error) {
    let left = raised
    const visit = (first: number, count: number): void => {
      if (left-- > 0) refcounts.addRange(first, count, -1)
    }
    try {
      walkMap(image, l1, { phase: 'Counting', visit }, unwatched)
    } catch (again) {
      if (left > 0) throw again // what could be walked to was walked back
    }
    throw error
  }
}

/** Counts one user less of all that an L1 table refers to, of which nothing on stable storage tells any more. */
export function lowerCounts(image: Image, l1: Uint8Array, job: Job): void {
  const visit = (first: number, count: number): void => image.allocator.lower(first, count, 'snapshot')
  walkMap(image, l1, { phase: 'Giving space back', visit }, uncancelled(job))
}

/** Makes bit 63 say what the counts say in all of a map, in `l1` as in the L2 tables in the file. */
export function renewExclusive(image: Image, l1: Uint8Array, exclusive: (cluster: number) => boolean, job: Job): void {
  walkMap(image, l1, { phase: 'Marking', exclusive }, uncancelled(job))
}

/** Work past the point of no return: it is told of, and can't be stopped. */
function uncancelled(job: Job): Job {
  return { checkpoint() {}, report: (progress) => job.report(progress) }
}

function tooNarrow({ storage, geometry }: Image): StrataError {
  return new StrataError(
    'UNSUPPORTED',
    `Reference counts of ${geometry.refcountBits} bits can't count one more user of a cluster`,
    { path: storage.path, field: 'refcount_bits' },
    geometry.refcountBits === 1
      ? 'Snapshots need wider counts: change refcount_bits to 16.'
      : 'Delete a snapshot, or change refcount_bits to 16.',
  )
}
