import type { DiskInfo } from '../../../shared/model.ts'
import { chainFrom } from '../lib/chain-tree.ts'
import { holdsSnapshots } from '../lib/snapshots.ts'
import { words } from '../words/en.ts'
import type { Action } from './action.ts'
import type { Strata } from './strata.svelte.ts'

/** What a page knows of its disk; `own`: its file may be renamed, copied and thrown away. */
interface OnPage {
  info: DiskInfo
  own: boolean
}

/**
 * What can be done with a disk now, most used first: for its menus, and for the palette where it is the one that is shown. Without `page` it is
 * judged by what the library holds.
 */
export function diskActions(strata: Strata, path: string, page?: OnPage): Action[] {
  const { navigation, library, settings, jobs } = strata
  const { actions: labels } = words.disk
  const entry = library.entries.find((one) => one.path === path)
  const disk = page?.info ?? chainFrom(library.entries, path)?.layers[0]
  const actions: Action[] = []
  if (navigation.shown !== path) actions.push({ kind: 'open', label: words.layers.open, run: () => navigation.toDisk(path) })
  if (entry && !entry.present) {
    actions.push({ kind: 'pointAt', label: words.imageFile.pointAt, run: () => strata.attempt(strata.pointAt(path)) })
  } else {
    const convert = (): void => navigation.openSheet({ is: 'convert', sources: [path] })
    actions.push(
      { kind: 'convert', label: labels.convert, shortcut: 'convert', run: convert },
      { kind: 'overlay', label: labels.overlay, run: () => navigation.openSheet({ is: 'create', backing: path }) },
    )
  }
  if (disk && entry?.present !== false) {
    actions.push(
      { kind: 'resize', label: labels.resize, run: () => navigation.openSheet({ is: 'resize', disk }) },
      { kind: 'compact', label: labels.compact, run: () => navigation.openSheet({ is: 'compact', disk }) },
      { kind: 'compare', label: words.layers.compare.item, run: () => navigation.openSheet({ is: 'compare', disk }) },
    )
    if (disk.format === 'qcow2')
      actions.push({ kind: 'rebase', label: words.layers.rebase.item, run: () => navigation.openSheet({ is: 'rebase', disk }) })
    if (disk.format !== 'raw' && jobs.checkOf(path) === undefined) {
      const check = (): void => {
        navigation.toDisk(path, 'health')
        strata.attempt(strata.check(disk))
      }
      actions.push({ kind: 'check', label: labels.check, run: check })
    }
    if (holdsSnapshots(disk)) {
      const take = (): void => navigation.openSheet({ is: 'snapshot', disk, ask: { do: 'create' } })
      actions.push({ kind: 'snapshot', label: words.snapshots.take, shortcut: 'snapshot', run: take })
    }
    if (page?.own ?? entry !== undefined) {
      const discard = settings.facts.kind === 'desktop' ? words.imageFile.bin : words.imageFile.delete
      actions.push(
        { kind: 'duplicate', label: words.imageFile.duplicate, run: () => navigation.openSheet({ is: 'duplicate', disk }) },
        { kind: 'rename', label: words.imageFile.rename, run: () => navigation.openSheet({ is: 'rename', disk }) },
        { kind: 'discard', label: discard, run: () => navigation.openSheet({ is: 'discard', disk }) },
      )
    }
  }
  if (settings.facts.kind === 'desktop')
    actions.push({ kind: 'show', label: labels.show, run: () => strata.attempt(strata.showInFolder(path)) })
  actions.push({ kind: 'copyPath', label: labels.copyPath, run: () => strata.attempt(navigator.clipboard.writeText(path)) })
  if (entry) {
    const remove = (): void => {
      if (navigation.shown === path) navigation.toLibrary()
      strata.attempt(library.remove(path))
    }
    actions.push({ kind: 'remove', label: labels.remove, run: remove })
  } else {
    actions.push({ kind: 'add', label: labels.add, run: () => strata.attempt(library.add([path])) })
  }
  return actions
}
