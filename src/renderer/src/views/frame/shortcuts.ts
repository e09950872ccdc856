import type { Strata } from '../../state/strata.svelte.ts'

/** Where a search shortcut puts the cursor. */
export const SEARCH_ID = 'search'

/** Runs what a key press stands for, unless a sheet or a picker has the keyboard. */
export function runShortcut(event: KeyboardEvent, strata: Strata): void {
  const { navigation, files } = strata
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
  if (navigation.sheet || files.pick) return
  switch (event.key.toLowerCase()) {
    case 'n':
      navigation.openSheet({ is: 'create' })
      break
    case 'o':
      strata.attempt(strata.open())
      break
    case 'e':
      navigation.openSheet(navigation.shown === undefined ? { is: 'convert' } : { is: 'convert', source: navigation.shown })
      break
    case 's':
      strata.askSnapshot()
      break
    case 'f':
    case 'k':
      document.getElementById(SEARCH_ID)?.focus()
      break
    default:
      return
  }
  event.preventDefault()
}
