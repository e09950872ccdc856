import { chainFrom } from '../lib/chain-tree.ts'
import { baseName } from '../lib/paths.ts'
import type { ShortcutName } from '../lib/shortcuts.ts'
import { holdsSnapshots } from '../lib/snapshots.ts'
import { words } from '../words/en.ts'
import type { Strata } from './strata.svelte.ts'

/** Something that the person can have done now. */
export interface Action {
  /** said and searched; no two actions of a list share it */
  label: string
  shortcut?: ShortcutName
  run: () => void
}

/** Everything that can be done now: for the disk that is shown first, then for the window. The palette and the shortcuts are made of it. */
export function actionsOf(strata: Strata): Action[] {
  return [...diskActions(strata), ...windowActions(strata)]
}

function windowActions(strata: Strata): Action[] {
  const { navigation, settings, undo } = strata
  const { keys, theme } = words.palette
  const undoing = {
    label: words.undo.action(undo.last?.said ?? ''),
    shortcut: 'undo' as const,
    run: () => strata.attempt(strata.undoLast()),
  }
  return [
    ...(undo.last ? [undoing] : []),
    { label: keys.newDisk, shortcut: 'newDisk', run: () => navigation.openSheet({ is: 'create' }) },
    { label: keys.open, shortcut: 'open', run: () => strata.attempt(strata.open()) },
    ...(navigation.shown === undefined
      ? [{ label: keys.convert, shortcut: 'convert' as const, run: () => navigation.openSheet({ is: 'convert' }) }]
      : []),
    { label: words.frame.allDisks, run: () => navigation.toLibrary() },
    ...(['system', 'light', 'dark'] as const).map((name) => ({
      label: theme(words.frame.theme[name]),
      run: () => strata.attempt(settings.setTheme(name)),
    })),
    { label: words.palette.shortcuts, run: () => navigation.openSheet({ is: 'shortcuts' }) },
  ]
}

function diskActions(strata: Strata): Action[] {
  const { navigation, library, settings, jobs } = strata
  const path = navigation.shown
  if (path === undefined) return []
  const named = (label: string): string => words.palette.forDisk(label.replace('…', ''), baseName(path))
  const { actions: labels } = words.disk
  const disk = chainFrom(library.entries, path)?.layers[0]

  const actions: Action[] = [
    { label: named(labels.convert), shortcut: 'convert', run: () => navigation.openSheet({ is: 'convert', sources: [path] }) },
    { label: named(labels.overlay), run: () => navigation.openSheet({ is: 'create', backing: path }) },
  ]
  if (disk) {
    actions.push(
      { label: named(labels.resize), run: () => navigation.openSheet({ is: 'resize', disk }) },
      { label: named(labels.compact), run: () => navigation.openSheet({ is: 'compact', disk }) },
    )
    if (disk.format !== 'raw' && jobs.checkOf(path) === undefined) {
      const check = (): void => {
        navigation.toTab('health')
        strata.attempt(strata.check(disk))
      }
      actions.push({ label: named(labels.check), run: check })
    }
    if (holdsSnapshots(disk)) actions.push({ label: words.palette.keys.snapshot, shortcut: 'snapshot', run: () => strata.askSnapshot() })
  }
  if (settings.facts.kind === 'desktop') actions.push({ label: named(labels.show), run: () => strata.attempt(strata.showInFolder(path)) })
  actions.push({ label: named(labels.copyPath), run: () => strata.attempt(navigator.clipboard.writeText(path)) })
  return actions
}
