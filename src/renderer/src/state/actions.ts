import { baseName } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import type { Action } from './action.ts'
import { diskActions } from './disk-actions.ts'
import type { Strata } from './strata.svelte.ts'

/** Everything that can be done now: for the disk that is shown first, then for the window. The palette and the shortcuts are made of it. */
export function actionsOf(strata: Strata): Action[] {
  return [...shownActions(strata), ...windowActions(strata)]
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
    { label: words.library.watch, run: () => strata.attempt(strata.watchFolder()) },
    { label: words.settings.title, run: () => navigation.openSheet({ is: 'settings' }) },
    { label: words.about.title, run: () => navigation.openSheet({ is: 'about' }) },
    { label: words.palette.shortcuts, run: () => navigation.openSheet({ is: 'shortcuts' }) },
  ]
}

/** What can be done with the disk that is shown, each named with it. */
function shownActions(strata: Strata): Action[] {
  const path = strata.navigation.shown
  if (path === undefined) return []
  return diskActions(strata, path).map((action) => ({
    ...action,
    label:
      action.shortcut === 'snapshot' ? words.palette.keys.snapshot : words.palette.forDisk(action.label.replace('…', ''), baseName(path)),
  }))
}
