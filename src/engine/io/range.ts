import { StrataError } from '../../shared/errors.ts'

/** What the checks need to know of a storage. */
interface Bounds {
  readonly path: string
  readonly size: number
  readonly writable: boolean
}

/** Throws `OUT_OF_RANGE` unless `[at, at + length)` is a range of bytes that lies inside the storage. */
export function assertInside(storage: Bounds, at: number, length: number): void {
  assertRange(storage, at, length)
  if (at + length > storage.size)
    throw new StrataError('OUT_OF_RANGE', `Bytes ${at} to ${at + length} reach past the end of the file, which has ${storage.size}`, {
      path: storage.path,
      offset: at,
    })
}

/** Throws `READ_ONLY` for a storage that was opened for reading, and `OUT_OF_RANGE` for numbers that are no offsets. */
export function assertWritable(storage: Bounds, at: number, length = 0): void {
  if (!storage.writable)
    throw new StrataError('READ_ONLY', 'The file was opened for reading only', { path: storage.path, offset: at }, 'Open it for writing.')
  assertRange(storage, at, length)
}

function assertRange(storage: Bounds, at: number, length: number): void {
  if (!(Number.isSafeInteger(at) && at >= 0 && length >= 0 && Number.isSafeInteger(at + length)))
    throw new StrataError('OUT_OF_RANGE', `There are no ${length} bytes from offset ${at} in any file`, { path: storage.path, offset: at })
}
