import { shortcutOf } from '../../lib/shortcuts.ts'
import type { Strata } from '../../state/strata.svelte.ts'
import { runCommand } from './run-command.ts'

/** Runs what a key press stands for, unless a sheet or a picker has the keyboard. */
export function runShortcut(event: KeyboardEvent, strata: Strata): void {
  const { navigation, files } = strata
  if (navigation.sheet || files.pick || event.altKey) return
  if (!(event.ctrlKey || event.metaKey)) {
    if (event.key !== '?' || isTyping(event.target)) return
    navigation.openSheet({ is: 'shortcuts' })
    event.preventDefault()
    return
  }
  if (event.shiftKey) return
  const name = shortcutOf(event.key)
  // Where text is typed, Ctrl Z is the text's.
  if (name === undefined || (name === 'undo' && isTyping(event.target))) return
  event.preventDefault()
  runCommand(name, strata)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}
