/** The letter that each action has together with Ctrl, or with Command on a Mac. */
export const SHORTCUTS = {
  palette: 'k',
  newDisk: 'n',
  open: 'o',
  convert: 'e',
  snapshot: 's',
  search: 'f',
  undo: 'z',
} as const

export type ShortcutName = keyof typeof SHORTCUTS

/** What a key press with Ctrl or Command stands for; undefined for keys that are not the window's. */
export function shortcutOf(key: string): ShortcutName | undefined {
  const names = Object.keys(SHORTCUTS) as ShortcutName[]
  return names.find((name) => SHORTCUTS[name] === key.toLowerCase())
}

/** A shortcut as the keyboards of a platform (Node's name for it) are labelled: `Ctrl K`, or `⌘K`. */
export function shortcutText(name: ShortcutName, platform: string): string {
  const letter = SHORTCUTS[name].toUpperCase()
  return platform === 'darwin' ? `⌘${letter}` : `Ctrl ${letter}`
}
