import type { ShortcutName } from '../../lib/shortcuts.ts'

/** The list of everything that can be done, and the sheet of keyboard shortcuts. */
export const paletteWords = {
  title: 'Find a disk or an action',
  disks: 'Disks',
  actions: 'Actions',
  nothing: (query: string) => `Nothing is called “${query}”.`,
  shortcuts: 'Keyboard shortcuts',
  keys: {
    palette: 'Find a disk or an action',
    newDisk: 'New disk',
    open: 'Open a disk image',
    convert: 'Convert',
    snapshot: 'Take a snapshot of the disk shown',
    search: 'Filter the library',
    undo: 'Undo the last change to the library',
  } satisfies Record<ShortcutName, string>,
  keysHelp: 'These shortcuts',
  forDisk: (action: string, name: string) => `${action} (${name})`,
  theme: (name: string) => `Colours: ${name}`,
} as const
