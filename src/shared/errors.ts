/**
 * What can go wrong, as words that both sides of the wire speak. An error says what happened, where, and what to do;
 * `BAD_MAGIC` means "not this format", everything else that names a format means "this format, but …".
 */
export const ERROR_CODES = [
  'BAD_MAGIC', // the file is not of the format it was opened as
  'CORRUPT', // a structure of the image contradicts its format
  'UNSUPPORTED', // the image or the request needs something Strata does not have
  'INVALID_ARGUMENT', // the request itself makes no sense
  'OUT_OF_RANGE', // a read or write past the end of a disk or file
  'NOT_FOUND', // a file or folder is missing
  'EXISTS', // the target exists and may not be replaced
  'DENIED', // the operating system or a missing grant forbids it
  'NO_PASSPHRASE', // the image is encrypted, and no passphrase was given
  'WRONG_PASSPHRASE', // the passphrase opens no key slot of the image
  'READ_ONLY', // the disk was not opened for writing
  'NO_SPACE', // the file system is full
  'IN_USE', // another program holds the image
  'SAME_FILE', // the target is the source or a layer of its chain
  'CHAIN', // a backing chain that loops or is too deep
  'IO', // the operating system failed a read or write
  'CANCELLED', // the person stopped the job
  'WORKER_DIED', // the thread that ran the call ended without an answer
  'BUG', // an error that nobody expected
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** Where an error lies: a file, a byte offset in it, and the name of the field that holds the bad value. */
export interface Where {
  path?: string
  /** bytes from the start of the file */
  offset?: number
  field?: string
}

/** An error as plain data, for IPC, web socket and `postMessage`. */
export interface ErrorDto {
  code: ErrorCode
  message: string
  where: Where
  hint?: string
}

/** The one error class of the house. `message` is a sentence for a person; `hint` says what to do next. */
export class StrataError extends Error {
  readonly code: ErrorCode
  readonly where: Where
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, where: Where = {}, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StrataError'
    this.code = code
    this.where = where
    this.hint = hint
  }

  toDto(): ErrorDto {
    const dto: ErrorDto = { code: this.code, message: this.message, where: this.where }
    if (this.hint !== undefined) dto.hint = this.hint
    return dto
  }

  static fromDto(dto: ErrorDto): StrataError {
    return new StrataError(dto.code, dto.message, dto.where, dto.hint)
  }

  /** The same error with what is still unknown of its place filled in from `where`. */
  at(where: Where): StrataError {
    return new StrataError(this.code, this.message, { ...where, ...this.where }, this.hint, this.cause)
  }
}

/** Any thrown value as data; what is not a `StrataError` becomes `BUG`, without its stack. */
export function toErrorDto(error: unknown): ErrorDto {
  if (error instanceof StrataError) return error.toDto()
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'BUG', message, where: {}, hint: 'This is a mistake in Strata. Please report it with what you did.' }
}
