import type { ShortcutName } from '../lib/shortcuts.ts'

/** Something that the person can have done now. */
export interface Action {
  /** said and searched; no two actions of a list share it */
  label: string
  shortcut?: ShortcutName
  run: () => void
}
