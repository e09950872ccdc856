import type { ShortcutName } from '../lib/shortcuts.ts'

/** What kind of thing an action is, for its picture in a menu. */
export type ActionKind =
  | 'add'
  | 'check'
  | 'compact'
  | 'compare'
  | 'convert'
  | 'copyPath'
  | 'discard'
  | 'duplicate'
  | 'open'
  | 'overlay'
  | 'pointAt'
  | 'rebase'
  | 'reload'
  | 'remove'
  | 'rename'
  | 'resize'
  | 'show'
  | 'snapshot'

/** Something that the person can have done now. */
export interface Action {
  /** said and searched; no two actions of a list share it */
  label: string
  kind?: ActionKind
  shortcut?: ShortcutName
  run: () => void
}
