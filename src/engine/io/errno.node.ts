import { type ErrorCode, StrataError, type Where } from '../../shared/errors.ts'

const MEANING: Record<string, readonly [code: ErrorCode, message: string, hint: string]> = {
  ENOENT: ['NOT_FOUND', 'No such file or directory', 'Check the name; the file may have been moved or renamed.'],
  ENOTDIR: ['NOT_FOUND', 'Not a directory', 'Check the folders in the name.'],
  EISDIR: ['INVALID_ARGUMENT', 'Is a directory', 'Choose a file in it.'],
  EACCES: ['DENIED', 'Permission denied', 'Ask for access to the file, or choose a folder that you may write to.'],
  EPERM: ['DENIED', 'Operation not permitted', 'Ask for access to the file, or choose a folder that you may write to.'],
  EROFS: ['DENIED', 'Read-only file system', 'Choose a folder on a drive that can be written.'],
  EEXIST: ['EXISTS', 'File exists', 'Choose another name.'],
  ENOSPC: ['NO_SPACE', 'No space left on device', 'Free some space on that drive, or choose another place.'],
  EDQUOT: ['NO_SPACE', 'Disk quota exceeded', 'Free some space on that drive, or choose another place.'],
  EFBIG: ['NO_SPACE', 'File too large', 'The file system cannot hold a file of this size. Choose another place.'],
  ELOOP: ['INVALID_ARGUMENT', 'Too many levels of symbolic links', 'A link leads to itself. Name the file directly.'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'File name too long', 'Choose a shorter name.'],
  ETXTBSY: ['IN_USE', 'Text file busy', 'Close the program that uses the file.'],
  EBUSY: ['IN_USE', 'Device or resource busy', 'Close the program that uses the file.'],
}

/** A failed system call as a `StrataError`, worded as the system words it. */
export function fromErrno(error: unknown, where: Where): StrataError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const meaning = MEANING[code]
  if (meaning) return new StrataError(meaning[0], meaning[1], where, meaning[2], error)
  const message = error instanceof Error ? error.message : String(error)
  return new StrataError('IO', `Input/output error: ${message}`, where, 'The drive may be failing or was removed. Try again, and check the drive.', error)
}

/** Runs a system call, turning its failure into a `StrataError` with the place. */
export function system<T>(where: Where, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw error instanceof StrataError ? error : fromErrno(error, where)
  }
}
