import { many } from './many.ts'

/** Renaming, moving and deleting a disk's file. */
export const imageFileWords = {
  rename: 'Rename or move…',
  bin: 'Move to the bin…',
  delete: 'Delete…',
  renameTitle: (name: string) => `Rename ${name}`,
  name: 'New name',
  place: 'Another folder…',
  placeTitle: 'Move the disk to',
  folder: (path: string) => `In ${path}`,
  needName: 'Give it a name.',
  noSeparator: 'A name holds no slash. Choose another folder with the button.',
  sameName: 'This is its name now.',
  standing: (count: number) =>
    count === 1
      ? '1 overlay stands on this disk and finds it by its name.'
      : `${count} overlays stand on this disk and find it by its name.`,
  repair: (count: number) => (count === 1 ? 'Tell the overlay the new name' : `Tell all ${count} overlays the new name`),
  repairHint: 'Only the name inside each overlay changes. All keep reading as they do.',
  lost: (count: number) => `${many(count, 'image')} can’t be told, and will not open any more:`,
  breaks: (count: number) => `${many(count, 'image')} will not open any more without this disk:`,
  more: (count: number) => `and ${count} more`,
  openFirst: 'Open each of them first, and Strata may change it.',
  agree: 'Go on all the same',
  unknown: 'Which images stand on this disk can’t be told.',
  looking: 'Looking for images that stand on this disk…',
  alone: 'No other image in its folder stands on this disk.',
  incomplete: 'Some files in its folder could not be looked at: there may be more.',
  go: 'Rename',
  goRepair: (count: number) => `Rename, and repair ${many(count, 'overlay')}`,
  going: 'Renaming…',
  binTitle: (name: string) => `Move ${name} to the bin`,
  binHint: 'The file goes to the system’s bin. Until that is emptied, you can take it back from there.',
  binGo: 'Move to the bin',
  deleteTitle: (name: string) => `Delete ${name}`,
  deleteHint: 'A browser has no bin: the file is gone for good, with all snapshots in it.',
  deleteGo: (name: string) => `Delete ${name}`,
  deleteName: (name: string) => `Type ${name} to agree`,
  dataFile: (name: string) => `Its data file, ${name}, stays where it is.`,
  pointAt: 'Point at the new place…',
  pointTitle: (name: string) => `Where is ${name} now?`,
} as const
