import { StrataError, type ErrorCode } from '../shared/errors.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EACCES: 'DENIED',
  EPERM: 'DENIED',
  EROFS: 'DENIED',
}

/** What the system said about one of Strata's own files, as an error of the house; `message` says what was being done. */
export function fileError(error: unknown, path: string, message: string): StrataError {
  const reason = error instanceof Error ? error.message : String(error)
  return new StrataError(CODES[errnoOf(error) ?? ''] ?? 'IO', message, { path }, `The system said: ${reason}`, error)
}

/** The system's word for what went wrong, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
