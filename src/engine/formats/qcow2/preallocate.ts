import type { Preallocation } from '../../../shared/model.ts'
import type { Job } from '../../base/job.ts'
import { alignUp } from '../../base/ints.ts'
import { SETTING_ASIDE, zeroWith } from '../../io/set-aside.ts'
import type { L2Entry } from './entry.ts'
import type { Image } from './image.ts'
import { writeZeros } from './write-zeros.ts'

/** Bytes of new clusters that are mapped before anybody looks at the job. */
const PIECE = 8 * 2 ** 20

/** Maps every cluster of guest range `[from, size)` to room that reads as zeros. */
export function preallocate(image: Image, from: number, size: number, preallocation: Preallocation, job: Job): void {
  for (let at = from; at < size;) {
    job.checkpoint()
    job.report({ phase: SETTING_ASIDE, done: at - from, total: size - from })
    const lease = image.reserve(at, size - at)
    if (lease.sealed) writeZeros(lease)
    else zeroWith(lease.storage, lease.at, lease.length, preallocation)
    lease.commit()
    at = lease.start + lease.length
  }
}

/**
 * Gives every cluster of the unmapped guest range `[0, size)` room of its own in which nothing is allocated yet: what lies below shows until
 * it is written. Extended L2 entries can say so (section "Extended L2 Entries").
 */
export function preallocateBelow(image: Image, size: number, preallocation: Preallocation, job: Job): void {
  const { mapping, allocator, geometry, data } = image
  const { clusterSize, external } = geometry
  image.touch()
  for (let at = 0; at < size;) {
    job.checkpoint()
    job.report({ phase: SETTING_ASIDE, done: at, total: size })
    mapping.makeWritable(at)
    const most = Math.min(alignUp(size, clusterSize), mapping.reachEnd(at), at + Math.max(PIECE, clusterSize)) - at
    const run = external ? { at, count: most / clusterSize } : allocator.allocateUpTo(most / clusterSize)
    zeroWith(data, run.at, external ? Math.min(most, size - at) : run.count * clusterSize, preallocation)
    for (let i = 0; i < run.count; i++) {
      const entry: L2Entry = { is: 'split', host: run.at + i * clusterSize, exclusive: true, allocated: 0, zeros: 0 }
      mapping.set(at + i * clusterSize, entry)
    }
    at += run.count * clusterSize
  }
}
