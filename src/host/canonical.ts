import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { StrataError } from '../shared/errors.ts'
import { errnoOf } from './file-error.ts'

/**
 * The one name of a file: absolute, links followed, `.` and `..` resolved. Of a file that does not exist, its nearest existing folder's
 * name with the rest. Throws `INVALID_ARGUMENT` for what is no absolute path, and `DENIED` for a link that leads nowhere, as nobody
 * can say what writing through it would touch.
 */
export function canonicalPath(path: string): string {
  if (path.includes('\0')) throw new StrataError('INVALID_ARGUMENT', 'A path can not hold a zero byte', { field: 'path' })
  if (!isAbsolute(path) || isDeviceName(path))
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Not the whole path of a file',
      { path, field: 'path' },
      'Name the file from the root folder on.',
    )
  return follow(resolve(path))
}

/** A name that is not there, or lies below a file. */
const MISSING = ['ENOENT', 'ENOTDIR']

function follow(path: string): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (!MISSING.includes(errnoOf(error) ?? ''))
      throw new StrataError('DENIED', 'The system does not let Strata look at this file', { path }, undefined, error)
  }
  if (isLink(path))
    throw new StrataError('DENIED', 'This is a link that leads nowhere', { path }, 'Name the file itself instead of the link.')
  const above = dirname(path)
  return above === path ? path : join(follow(above), basename(path))
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** Windows' names of devices and raw volumes, and of streams inside a file. */
function isDeviceName(path: string): boolean {
  return process.platform === 'win32' && (/^[\\/]{2}[.?][\\/]/.test(path) || path.slice(2).includes(':'))
}
