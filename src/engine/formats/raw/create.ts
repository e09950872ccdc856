import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import { unwatched } from '../../base/job.ts'
import { growFile } from '../../io/set-aside.ts'
import type { CreateParams } from '../driver.ts'
import type { CreateOptions } from '../options.ts'
import { assertPreallocation, RawDriver } from './driver.ts'

/** Throws for a size or options that no raw disk can have. */
export function assertCreatable(size: number, options: CreateOptions, hasBacking: boolean): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new StrataError('INVALID_ARGUMENT', 'The disk size must be a whole number of bytes below 2^53', { field: 'size' })
  if (hasBacking)
    throw new StrataError('INVALID_ARGUMENT', 'A raw disk cannot have a backing file', { field: 'backing_file' }, 'Choose qcow2.')
  assertPreallocation(options.preallocation)
}

/** Makes an empty file a disk of zeros, its size rounded up to whole sectors. */
export function create({ storage, size, backing, options, job = unwatched }: CreateParams): RawDriver {
  assertCreatable(size, options, backing !== undefined)
  storage.truncate(0)
  growFile(storage, alignUp(size, 512), options.preallocation, job)
  return new RawDriver(storage, true)
}
