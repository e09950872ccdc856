import { statSync } from 'node:fs'
import { StrataError } from '../shared/errors.ts'
import { canonicalPath } from './canonical.ts'
import type { Grants } from './grants.ts'
import type { Shell } from './shell.ts'

/** The question is before the person: a window that asks again and again gets no second one. */
const asking = new WeakSet<Grants>()

/**
 * Asks the person, outside of the window, whether a file that images name may be read and changed, and grants it on a yes; answers whether
 * it is granted now. Only files that images may name already are asked about, so that a window can't put just any path before the person.
 * Throws `DENIED` for others, `IN_USE` while a question is open, and `UNSUPPORTED` where nobody can be asked.
 */
export async function requestGrant(path: string, grants: Grants, ask: Shell['askGrant']): Promise<boolean> {
  const real = canonicalPath(path)
  if (grants.holds(real)) return true
  if (!grants.mayBeNamed(real) || !statSync(real, { throwIfNoEntry: false })?.isFile())
    throw new StrataError('DENIED', 'Strata was not given this file', { path }, 'Open it with the dialog, or drop it on the window.')
  if (!ask) throw new StrataError('UNSUPPORTED', 'Nobody can be asked for this file here', { path }, 'Name its folder with --root.')
  if (asking.has(grants)) throw new StrataError('IN_USE', 'Another question is still open', { path }, 'Answer it first.')
  asking.add(grants)
  try {
    if (!(await ask(real))) return false
    // It may have become a link while the person thought.
    if (canonicalPath(real) !== real) return false
    grants.grantFile(real)
    return true
  } finally {
    asking.delete(grants)
  }
}
