import { alignUp } from '../../base/ints.ts'
import type { Format } from '../driver.ts'
import { assertCreatable, create } from './create.ts'
import { RawDriver } from './driver.ts'

/** Raw: the file is the disk. */
export const raw: Format = {
  name: 'raw',
  probe: () => false,
  open: ({ storage, writable }) => new RawDriver(storage, writable),
  assertCreatable,
  create,
  fileSize: (_size, data) => data,
  sizing(size) {
    const length = alignUp(size, 512)
    return { fileSize: () => length, full: length, foretold: () => length }
  },
}
