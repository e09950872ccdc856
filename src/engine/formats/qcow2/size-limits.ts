import { StrataError } from '../../../shared/errors.ts'
import { type Geometry, l1EntriesFor } from './geometry.ts'
import type { Image } from './image.ts'
import { LIMITS } from './layout.ts'

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

/** Throws for a size that breaks the format's limits, and for a version that cannot change it. */
export function assertResizable({ header, geometry, storage }: Image, size: number): void {
  assertSize(geometry, size, storage.path)
  if (header.version === 2 && header.snapshotCount > 0 && size !== header.size)
    throw new StrataError(
      'UNSUPPORTED',
      "Can't resize a v2 image which has snapshots",
      { path: storage.path, field: 'size' },
      'Change it to compat 1.1 first.',
    )
}
