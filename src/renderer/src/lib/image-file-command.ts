import { quote } from './command-line.ts'
import { folderOf, isWhole } from './paths.ts'

/** An overlay that finds its base by name. */
export interface NamedBase {
  path: string
  /** the base as the overlay names it now */
  name: string
  /** the base's format, as the overlay states it or as it is */
  format: string
}

/** The lines of a terminal that rename a file and tell its overlays; `force` where others stand on those. */
export function moveCommand(from: string, to: string, overlays: readonly NamedBase[], force: boolean): string {
  const told = overlays.map(({ path, name, format }) =>
    ['strata rebase -u', ...(force ? ['--force'] : []), '-b', quote(newName(path, name, to)), '-F', quote(format), quote(path)].join(' '),
  )
  return [`mv -n ${quote(from)} ${quote(to)}`, ...told].join(' && ')
}

/** The base's new name for an overlay: whole where the old one was, or where the two lie in different folders; else the bare name. */
function newName(overlay: string, name: string, to: string): string {
  const folder = folderOf(overlay)
  const whole = isWhole(name) || folderOf(to) !== folder
  return whole ? to : to.slice(to.lastIndexOf(to.includes('\\') ? '\\' : '/') + 1)
}
