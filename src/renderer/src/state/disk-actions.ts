import { chainFrom } from '../lib/chain-tree.ts'
import { holdsSnapshots } from '../lib/snapshots.ts'
import { words } from '../words/en.ts'
import type { Action } from './action.ts'
import type { Strata } from './strata.svelte.ts'

/** What can be done with a disk now, most used first: for its menus, and for the palette where it is the one that is shown. */
export function diskActions(strata: Strata, path: string): Action[] {
  const { navigation, library, settings, jobs } = strata
  const { actions: labels } = words.disk
  const entry = library.entries.find((one) => one.path === path)
  const disk = chainFrom(library.entries, path)?.layers[0]
  const actions: Action[] = []
  if (navigation.shown !== path) actions.push({ label: words.layers.open, run: () => navigation.toDisk(path) })
  if (entry && !entry.present) {
    actions.push({ label: words.imageFile.pointAt, run: () => strata.attempt(strata.pointAt(path)) })
  } else {
    actions.push(
      { label: labels.convert, shortcut: 'convert', run: () => navigation.openSheet({ is: 'convert', sources: [path] }) },
      { label: labels.overlay, run: () => navigation.openSheet({ is: 'create', backing: path }) },
    )
  }
  if (disk && entry?.present !== false) {
    actions.push(
      { label: labels.resize, run: () => navigation.openSheet({ is: 'resize', disk }) },
      { label: labels.compact, run: () => navigation.openSheet({ is: 'compact', disk }) },
      { label: words.layers.compare.item, run: () => navigation.openSheet({ is: 'compare', disk }) },
    )
    if (disk.format === 'qcow2') actions.push({ label: words.layers.rebase.item, run: () => navigation.openSheet({ is: 'rebase', disk }) })
    if (disk.format !== 'raw' && jobs.checkOf(path) === undefined) {
      const check = (): void => {
        navigation.toDisk(path, 'health')
        strata.attempt(strata.check(disk))
      }
      actions.push({ label: labels.check, run: check })
    }
    if (holdsSnapshots(disk)) {
      const ask = { do: 'create' } as const
      actions.push({ label: words.snapshots.take, shortcut: 'snapshot', run: () => navigation.openSheet({ is: 'snapshot', disk, ask }) })
    }
    if (entry) {
      actions.push(
        { label: words.imageFile.duplicate, run: () => navigation.openSheet({ is: 'duplicate', disk }) },
        { label: words.imageFile.rename, run: () => navigation.openSheet({ is: 'rename', disk }) },
        {
          label: settings.facts.kind === 'desktop' ? words.imageFile.bin : words.imageFile.delete,
          run: () => navigation.openSheet({ is: 'discard', disk }),
        },
      )
    }
  }
  if (settings.facts.kind === 'desktop') actions.push({ label: labels.show, run: () => strata.attempt(strata.showInFolder(path)) })
  actions.push({ label: labels.copyPath, run: () => strata.attempt(navigator.clipboard.writeText(path)) })
  if (entry) {
    const remove = (): void => {
      if (navigation.shown === path) navigation.toLibrary()
      strata.attempt(library.remove(path))
    }
    actions.push({ label: labels.remove, run: remove })
  }
  return actions
}
