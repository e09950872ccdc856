import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import { unwatched } from '../../base/job.ts'
import type { Format } from '../driver.ts'
import { growFile } from '../set-aside.ts'
import { assertPreallocation, RawDriver } from './driver.ts'

/** Raw: the file is the disk. */
export const raw: Format = {
  name: 'raw',
  probe: () => false,
  open: ({ storage, writable }) => new RawDriver(storage, writable),
  assertCreatable(size, options, hasBacking) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new StrataError('INVALID_ARGUMENT', 'The disk size must be a whole number of bytes below 2^53', { field: 'size' })
    if (hasBacking)
      throw new StrataError('INVALID_ARGUMENT', 'A raw disk cannot have a backing file', { field: 'backing_file' }, 'Choose qcow2.')
    assertPreallocation(options.preallocation)
  },
  create({ storage, size, backing, options, job = unwatched }) {
    raw.assertCreatable(size, options, backing !== undefined)
    storage.truncate(0)
    growFile(storage, alignUp(size, 512), options.preallocation, job)
    return new RawDriver(storage, true)
  },
  fileSize: (_size, data) => data,
}
