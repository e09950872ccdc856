import { type ErrorCode, StrataError, type Where } from '../../shared/errors.ts'

type Words = [code: ErrorCode, message: string, hint: string]

const DENIED_HINT = 'Change the permissions of the file or of its folder, or choose another place.'
const SPACE_HINT = 'Free some space on that drive, or choose another place.'
const NAME_HINT = 'Check the name.'

/** What a person is told for each error of the operating system that has words of its own. */
const WORDS: Record<string, Words> = {
  ENOENT: ['NOT_FOUND', 'There is no such file or folder', NAME_HINT],
  ENOTDIR: ['NOT_FOUND', 'A part of the path is not a folder', NAME_HINT],
  EACCES: ['DENIED', 'The system does not let Strata use this file or folder', DENIED_HINT],
  EPERM: ['DENIED', 'The system does not let Strata use this file or folder', DENIED_HINT],
  EROFS: ['DENIED', 'That drive can only be read', 'Choose another place.'],
  EEXIST: ['EXISTS', 'There is a file of that name already', 'Choose another name.'],
  ENOSPC: ['NO_SPACE', 'The drive is full', SPACE_HINT],
  EDQUOT: ['NO_SPACE', 'Your share of that drive is used up', SPACE_HINT],
  EFBIG: ['NO_SPACE', 'The file would be larger than that drive allows', 'Choose a place on another drive.'],
  EISDIR: ['INVALID_ARGUMENT', 'This is a folder, not a file', 'Choose a file.'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'The name is too long', 'Choose a shorter name.'],
  ERR_INVALID_ARG_VALUE: ['INVALID_ARGUMENT', 'The name holds a character that no file name can hold', 'Choose another name.'],
  ELOOP: ['INVALID_ARGUMENT', 'The path leads through links that go round in a circle', 'Correct one of the links.'],
  EXDEV: ['INVALID_ARGUMENT', 'The file cannot be moved to another drive in one step', 'Choose a name on the same drive.'],
  EBUSY: ['IN_USE', 'Another program holds this file', 'Close the program that uses it, and try again.'],
  ETXTBSY: ['IN_USE', 'Another program runs this file', 'Close that program, and try again.'],
}

/** The system's name of an error that Node's `fs` threw, like `ENOENT`; undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What Node's `fs` threw, as a `StrataError`: the one place where the system's error numbers get words. What is not the system's stays. */
export function fromErrno(error: unknown, where: Where): unknown {
  const name = errnoOf(error)
  if (name === undefined || error instanceof StrataError) return error
  const words = WORDS[name]
  if (words) return new StrataError(words[0], words[1], where, words[2], error)
  return new StrataError(
    'IO',
    `The system could not do this with the file: ${name}`,
    where,
    'The drive may be damaged, full of errors, or no longer connected.',
    error,
  )
}

/** Runs calls of `fs`, and throws what they throw as `fromErrno` words it. */
export function saying<T>(where: Where, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromErrno(error, where)
  }
}
