import type { ErrorDto } from '../../../../shared/errors.ts'

/** Around an error; its own sentences come from where it was met. */
export const errorWords = {
  details: 'Details',
  copy: 'Copy the details',
  code: 'Code',
  offset: 'Offset',
  field: 'Field',
  file: 'File',
  tryAgain: 'Try again',
  title: (error: ErrorDto) => error.message,
} as const

/** Said in more than one place. */
export const commonWords = {
  cancel: 'Cancel',
  unit: 'Unit',
  close: 'Close',
  bytes: 'bytes',
  copy: 'Copy',
  copied: 'Copied',
  loading: 'Reading…',
} as const
