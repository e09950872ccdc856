import { resolve } from 'node:path'
import { canonicalPath } from '../host/canonical.ts'

/** The one name of a file that the command line names, as the engine tells it; links are followed as far as there is something. */
export function realPath(path: string): string {
  return canonicalPath(resolve(path))
}
