import type { Preallocation } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { Job } from '../../base/job.ts'
import { alignDown, alignUp, ceilDiv } from '../../base/ints.ts'
import type { Lease, ResizeFacet } from '../driver.ts'
import { type Geometry, l1EntriesFor } from './geometry.ts'
import { writeSizeFields } from './header.ts'
import { LIMITS } from './layout.ts'
import type { Image } from './image.ts'

/** Throws `INVALID_ARGUMENT` for a disk size that qcow2 with these clusters cannot have. */
export function assertSize(geometry: Geometry, size: number, path: string): void {
  const where = { path, field: 'size' }
  if (!Number.isSafeInteger(size) || size < 0)
    throw new StrataError('INVALID_ARGUMENT', 'The disk size must be a whole number of bytes below 2^53', where)
  if (size % 512 !== 0) throw new StrataError('INVALID_ARGUMENT', 'The disk size must be a multiple of 512 bytes', where)
  if (l1EntriesFor(geometry, size) * 8 > LIMITS.l1Bytes)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'The disk size is too large for the cluster size',
      where,
      'Choose larger clusters, up to 2 MiB.',
    )
}

/** How the disk of an image changes its size. */
export function resizeFacet(image: Image): ResizeFacet {
  return {
    assertGrowable: (size) => assertGrowable(image, size),
    grow: (size, preallocation, hidden, job) => {
      image.touch()
      grow(image, size, preallocation, hidden, job)
    },
  }
}

/** Throws what would make `grow` fail: a size that is no growth, breaks the format's limits, or a version that cannot. */
export function assertGrowable({ header, geometry, storage }: Image, size: number): void {
  const where = { path: storage.path, field: 'size' }
  assertSize(geometry, size, storage.path)
  if (size < header.size)
    throw new StrataError(
      'UNSUPPORTED',
      'Strata can only make a disk larger, not smaller',
      where,
      'Make a smaller disk and copy the data over inside the virtual machine.',
    )
  if (header.version === 2 && header.snapshotCount > 0)
    throw new StrataError('UNSUPPORTED', "Can't resize a version 2 image which has snapshots", where, 'Convert it to compat 1.1 first.')
}

/** Grows the disk to `size` guest bytes. The new size is published last, when all that it shows is down. */
export function grow(image: Image, size: number, preallocation: Preallocation, hidden: number, job: Job): void {
  assertGrowable(image, size)
  const { header, geometry, storage } = image
  if (size === header.size) return
  clearTail(image)
  growL1(image, l1EntriesFor(geometry, size))
  const preallocated = preallocation === 'metadata' ? Math.min(size, alignUp(header.size, geometry.clusterSize)) : size
  clear(image, alignUp(header.size, geometry.subclusterSize), preallocated, hidden, job)
  if (preallocated < size) preallocate(image, preallocated, size, job)
  image.flush()
  image.tracker?.resizing()
  header.size = size
  writeSizeFields(storage, header)
  storage.flush()
}

/** Moves the L1 table to a place with room for `entries`; the header names the new place in one write. */
function growL1(image: Image, entries: number): void {
  const { header, geometry, storage, mapping, allocator } = image
  if (entries <= header.l1Size) return
  const old = { at: header.l1Offset, length: header.l1Size * 8 }
  const at = allocator.allocate(ceilDiv(entries * 8, geometry.clusterSize))
  image.flush()
  const l1 = mapping.grownL1(entries)
  storage.zeroAt(at, alignUp(l1.length, geometry.clusterSize))
  storage.writeAt(at, l1)
  storage.flush()
  header.l1Size = entries
  header.l1Offset = at
  writeSizeFields(storage, header)
  storage.flush()
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

/** Writes what reads as zeros: a hole where the file system can, but encrypted bytes where they are to be. */
function writeZeros({ storage, at, length, sealed }: Pick<Lease, 'storage' | 'at' | 'length' | 'sealed'>): void {
  if (!sealed) return storage.zeroAt(at, length)
  const bytes = new Uint8Array(length)
  sealed.cipher.encrypt(sealed.sector, bytes)
  storage.writeAt(at, bytes)
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

/** Maps every cluster of `[from, size)` to room that reads as zeros. */
function preallocate(image: Image, from: number, size: number, job: Job): void {
  for (let at = from; at < size;) {
    job.checkpoint()
    job.report({ phase: 'Setting space aside', done: at - from, total: size - from })
    const lease = image.reserve(at, size - at)
    writeZeros(lease)
    lease.commit()
    at = lease.start + lease.length
  }
}
