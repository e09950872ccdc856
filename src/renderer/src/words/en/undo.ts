/** What was done and can be taken back. */
export const undoWords = {
  go: 'Undo',
  action: (said: string) => `Undo: ${said}`,
  close: 'Close',
  renamed: (from: string, to: string) => `${from} is now ${to}`,
  moved: (name: string, folder: string) => `${name} was moved to ${folder}`,
  removed: (name: string) => `${name} was taken out of the library`,
  pointed: (name: string, to: string) => `${name} was found as ${to}`,
  unwatched: (name: string) => `The folder ${name} was taken out of the list`,
} as const
