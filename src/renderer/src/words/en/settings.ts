import { baseName } from '../../lib/paths.ts'

/** The sheet of settings, and what is said of Strata's own files. */
export const settingsWords = {
  title: 'Settings',
  theme: 'Colours',
  atOnce: 'Jobs at once',
  atOnceHint: 'More jobs wait their turn. On one disk, two are seldom slower than four.',
  notify: 'Tell me when a job ends',
  notifyHint: 'A notification of the system, while you look at something else.',
  notifyDenied: 'Your browser does not let this page notify you. Allow it in the settings of the page.',
  done: 'Done',
  keptAside: (file: string) =>
    baseName(file).startsWith('library.')
      ? `The list of your disks was damaged. It is kept as ${file}, and Strata began a new one. The disks are as they were: open them, or add their folder.`
      : `One of Strata's own files was damaged. It is kept as ${file}, and Strata began a new one. Your disks are as they were.`,
} as const
