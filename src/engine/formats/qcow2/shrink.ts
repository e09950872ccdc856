import { StrataError } from '../../../shared/errors.ts'
import { alignUp, ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { writeSizeFields } from './header.ts'
import type { Image } from './image.ts'
import { assertResizable } from './size-limits.ts'

/** Freed clusters that are gathered before their counts go down. */
const MAX_FREES = 65536

/** Throws what would make `shrink` fail: a size that is no smaller, breaks the format's limits, or a version that cannot. */
export function assertShrinkable(image: Image, size: number): void {
  assertResizable(image, size)
  if (size > image.header.size)
    throw new StrataError('INVALID_ARGUMENT', 'The new size is larger than the disk', { path: image.storage.path, field: 'size' })
}

/**
 * Cuts the disk off at `size` guest bytes. The new size is published first: from then on nobody reads what lies behind it, and giving back its
 * room can stop at any step without harm. `job` is looked at before that alone.
 */
export function shrink(image: Image, size: number, job: Job): void {
  assertShrinkable(image, size)
  const { header, geometry, storage, data } = image
  if (size === header.size) return
  job.checkpoint()
  image.touch()
  image.flush()
  image.tracker?.resizing()
  const before = header.size
  image.alter(() => {
    header.size = size
    writeSizeFields(storage, header)
    storage.flush()
  })
  unmap(image, alignUp(size, geometry.clusterSize), Math.max(before, header.l1Size * geometry.l2Reach), job)
  image.flush()
  if (geometry.external) {
    if (data.size > size) data.truncate(size)
  } else giveBackTail(image)
  storage.flush()
}

/** Takes everything in guest range `[from, to)`, whole clusters, out of the map. */
export function unmap(image: Image, from: number, to: number, job: Job): void {
  const { mapping, allocator, geometry } = image
  const { clusterSize, l2Reach } = geometry
  for (let at = from; at < to;) {
    job.report({ phase: 'Giving space back', done: at - from, total: to - from })
    const end = Math.min(mapping.reachEnd(at), to)
    if (mapping.hasTable(at)) {
      const whole = at % l2Reach === 0
      if (!whole) mapping.makeWritable(at)
      for (let cluster = at; cluster < end; cluster += clusterSize) {
        const entry = mapping.entry(cluster)
        if (entry.is === 'hole') continue
        image.release(entry, 'request')
        if (!whole) mapping.set(cluster, { is: 'hole' })
      }
      if (whole) allocator.free(mapping.dropTable(at), clusterSize)
      if (allocator.freeCount > MAX_FREES) image.flush()
    }
    at = end
  }
  image.generation++
}

/** Cuts the file off behind its last cluster that is in use. */
export function giveBackTail({ storage, refcounts, geometry }: Image): void {
  const { clusterSize, blockEntries } = geometry
  // What no block counts is in nobody's use.
  let end = Math.min(ceilDiv(storage.size, clusterSize), refcounts.table.length * blockEntries)
  while (end > 0 && refcounts.get(end - 1) === 0) end = refcounts.has(end - 1) ? end - 1 : refcounts.blockIndex(end - 1) * blockEntries
  if (end * clusterSize < storage.size) storage.truncate(end * clusterSize)
}
