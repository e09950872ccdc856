/** The bar at the top, the side list and the banner of a lost connection. */
export const frameWords = {
  contextMenu: 'What can be done with it',
  product: 'Strata',
  toLibrary: 'Strata: all disks',
  search: 'Find a disk',
  clearSearch: 'Clear the search',
  newDisk: 'New disk',
  convert: 'Convert',
  open: 'Open a disk image',
  openShort: 'Open',
  library: 'Library',
  allDisks: 'All disks',
  emptyList: 'Disks that you open or make are kept here.',
  foldRow: (name: string) => `Fold what is built on ${name}`,
  showList: 'Show the library',
  hideList: 'Hide the library',
  settings: 'Settings',
  theme: { label: 'Colours', system: 'Like the system', light: 'Light', dark: 'Dark' },
  skip: 'Skip to the content',
  nothingFound: (query: string) => `No disk matches “${query}”.`,
  baseOnly: 'Not opened by itself: it lies below another disk',
  offline: 'Strata does not answer. Trying again…',
  offlineHint: 'If you closed the terminal that ran it, start `strata serve` again and open the link it prints.',
  noToken: 'This page needs the link that strata serve prints.',
  noTokenHint: 'Copy the whole link from the terminal, with the part after #. It is the key to this window.',
} as const

/** What a drop on the window would do. */
export const dropWords = {
  look: 'Look inside',
  lookHint: 'What it is, how large, whether it is sound. Nothing is changed.',
  convert: 'Convert',
  convertHint: 'Into qcow2 or raw. The original stays as it is.',
  overlay: 'New overlay on this',
  oneBase: 'An overlay stands on one disk, and this folder holds several',
  oneBaseHint: 'Drop one of the files in it.',
  overlayHint: 'A new disk that reads from this one, and keeps every change to itself.',
  searching: 'Looking for the file…',
  notFound: (name: string) =>
    `A browser does not tell where a dropped file lies, and ${name} was not found in the folders that Strata may read. Choose it here:`,
  whichFolder: (name: string) => `A browser does not tell where a dropped folder lies. Show where ${name} is:`,
  several: (name: string) =>
    `A browser does not tell where a dropped file lies, and there are several copies of ${name}. Choose the one you mean:`,
} as const

/** The command line below a form. */
export const commandWords = { label: 'The same in a terminal', copy: 'Copy the command' } as const
