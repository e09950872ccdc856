import type { Preallocation } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { Job } from '../../base/job.ts'
import { alignDown, alignUp, ceilDiv } from '../../base/ints.ts'
import { l1EntriesFor } from './geometry.ts'
import { writeSizeFields } from './header.ts'
import type { Image } from './image.ts'
import { preallocate, preallocateBelow } from './preallocate.ts'
import { assertResizable } from './size-limits.ts'
import { writeZeros } from './write-zeros.ts'

/** Throws what would make `grow` fail: a size that is no growth, breaks the format's limits, or a version that cannot. */
export function assertGrowable(image: Image, size: number): void {
  assertResizable(image, size)
  if (size < image.header.size)
    throw new StrataError('INVALID_ARGUMENT', 'The new size is smaller than the disk', { path: image.storage.path, field: 'size' })
}

/** Grows the disk to `size` guest bytes. The new size is published last, when all that it shows is down. */
export function grow(image: Image, size: number, preallocation: Preallocation, hidden: number, job: Job): void {
  assertGrowable(image, size)
  const { header, geometry } = image
  if (size === header.size) return
  clearTail(image)
  growL1(image, l1EntriesFor(geometry, size))
  const mapped = preallocation === 'off' && image.raw ? 'metadata' : preallocation // a raw data file has no holes in its map
  const preallocated = mapped === 'off' ? size : Math.min(size, alignUp(header.size, geometry.clusterSize))
  clear(image, alignUp(header.size, geometry.subclusterSize), preallocated, hidden, job)
  if (preallocated < size) preallocate(image, preallocated, size, mapped, job)
  publishSize(image, size)
}

/** Gives a new overlay its size and room for all of it, through which the layer below shows until it is written. */
export function growOver(image: Image, size: number, preallocation: Preallocation, job: Job): void {
  growL1(image, l1EntriesFor(image.geometry, size))
  preallocateBelow(image, size, preallocation, job)
  publishSize(image, size)
}

function publishSize(image: Image, size: number): void {
  const { header, storage, data, geometry } = image
  if (geometry.external && data.size < size) data.truncate(size)
  image.flush()
  image.tracker?.resizing()
  image.alter(() => {
    header.size = size
    writeSizeFields(storage, header)
    storage.flush()
  })
}

/** Moves the L1 table to a place with room for `entries`; the header names the new place in one write. */
export function growL1(image: Image, entries: number): void {
  const { header, geometry, storage, mapping, allocator } = image
  if (entries <= header.l1Size) return
  const old = { at: header.l1Offset, length: header.l1Size * 8 }
  const at = allocator.allocate(ceilDiv(entries * 8, geometry.clusterSize))
  image.flush()
  const l1 = mapping.grownL1(entries)
  storage.zeroAt(at, alignUp(l1.length, geometry.clusterSize))
  storage.writeAt(at, l1)
  storage.flush()
  image.alter(() => {
    header.l1Size = entries
    header.l1Offset = at
    writeSizeFields(storage, header)
    storage.flush()
  })
  mapping.adoptL1(l1)
  if (old.length > 0) allocator.free(old.at, old.length)
}

/** Zeros what lies between the end of the disk and the end of its last subcluster, where that is written in place: growing makes it visible. */
function clearTail(image: Image): void {
  const { size } = image.header
  const { subclusterSize } = image.geometry
  const start = alignDown(size, subclusterSize)
  if (start === size) return
  const run = image.mapping.run(start, subclusterSize)
  if (run.kind !== 'data' || !run.exclusive) return
  const at = run.host + (size - start)
  const sealed = image.sealedAt(size, at)
  writeZeros({ storage: image.data, at, length: start + subclusterSize - size, ...(sealed && { sealed }) })
}

/** Makes `[from, to)` read as zeros, with whole subclusters where a backing disk would show up to `hidden`. */
function clear(image: Image, from: number, to: number, hidden: number, job: Job): void {
  if (from < Math.min(hidden, to)) image.zero(from, Math.min(hidden, to) - from)
  clearLeftovers(image, from, to, job)
}

/**
 * Makes what is mapped in `[from, size)` read as zeros. Past the end of a disk there may be something: the memory of a virtual machine, after
 * QEMU went back to a snapshot; what a stopped preallocation or another tool's shrinking left.
 */
function clearLeftovers(image: Image, from: number, size: number, job: Job): void {
  for (let at = from; at < size;) {
    job.checkpoint()
    const run = image.mapping.run(at, size - at)
    if (run.kind === 'data' || run.kind === 'packed') image.zero(at, run.length)
    at += run.length
  }
}
