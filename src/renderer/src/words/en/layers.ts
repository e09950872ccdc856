import { countText } from '../../lib/sizes.ts'
import { many } from './many.ts'

/** The layers of a disk, and what can be done with them. */
export const layersWords = {
  menu: (name: string) => `Actions for ${name}`,
  open: 'Open',
  overlay: 'New overlay here',
  copyPath: 'Copy path',
  now: 'Now',
  after: 'Then',
  about: (size: string) => `about ${size}`,
  emptied: 'emptied',
  nearby: 'not in the library',
  share: (percent: string) => `${percent} of what the disk reads`,
  snapshots: (count: number) => many(count, 'snapshot'),
  looking: 'Looking for other images that stand on the layer below…',
  nobody: 'No other image in its folder or in your library stands on the layer below.',
  changed: (count: number) =>
    count === 1
      ? 'Another image stands on the layer below and would read otherwise, most likely as damaged:'
      : `${countText(count)} other images stand on the layer below and would read otherwise, most likely as damaged:`,
  more: (count: number) => `and ${countText(count)} more`,
  agree: 'Go on, even so',
  unread: (count: number) =>
    `${countText(count)} ${count === 1 ? 'file' : 'files'} in that folder could not be read and may stand on it too.`,
  incomplete: 'The folder holds more files than were looked at: others may stand on it too.',
  denied: (below: string) => `To write into ${below}, Strata needs your word: you opened the disk above, not this one.`,
  allow: 'Allow…',
  changeSnapshots: 'Go on even where its snapshots would read otherwise',
  changeSnapshotsHint: (below: string) => `Its snapshots may read from ${below} too. Without this, Strata stops before one changes.`,
  keep: 'Leave the overlay as it is',
  keepHint: 'Otherwise it is emptied, and gives its space back. It reads the same either way.',
  repairPath: {
    find: 'Find it…',
    title: 'Find the layer below',
    lost: (overlay: string, name: string) => `${overlay} stands on “${name}”, which is not there or can’t be opened.`,
    looking: 'Looking in its folder, and in the one that the name leads to…',
    nothing: 'No image there fits. Put the file back where it was, or beside the overlay; then look again.',
    which: 'Which file is it now?',
    facts: (format: string, size: string, sameName: boolean) => `${format}, ${size} for the guest${sameName ? ', same name' : ''}`,
    warning:
      'Only the name changes, nothing is copied. If it is not the same disk as before, the overlay reads as damaged; you can point it elsewhere again.',
    go: 'Point at this file',
  },
  commit: {
    item: 'Commit into the layer below',
    title: (name: string) => `Commit ${name}`,
    what: (size: string, below: string) => `What this overlay holds (${size}) is written into ${below}, for good.`,
    go: (below: string) => `Commit into ${below}`,
    goBesides: (count: number) => `Commit and change ${countText(count)} ${count === 1 ? 'image' : 'images'}`,
  },
  rebase: {
    item: 'Put on another base…',
    title: (name: string) => `Put ${name} on another base`,
    onto: 'New base',
    choose: 'Choose an image…',
    what: 'The disk reads as before: what the new base holds otherwise is copied into it. The bases are only read.',
    whatName:
      'Only the name of the base changes. If the new base does not hold the same, the disk reads otherwise, most likely as damaged.',
    nameOnly: 'Change the name only',
    nameOnlyHint: 'For a base that was moved or replaced by one with the same content. Nothing is compared or copied.',
    loops: (base: string) => `${base} stands on this disk itself. Choose another image.`,
    same: (base: string) => `The disk stands on ${base} already.`,
    go: 'Change the base',
    goName: 'Change the name',
  },
  compare: {
    item: 'Compare with…',
    title: (name: string) => `Compare ${name} with another disk`,
    other: 'With',
    choose: 'Choose an image…',
    what: 'Both are read through all their layers, and only read.',
    strict: 'Sizes and allocation must be the same too',
    strictHint: 'Otherwise a longer disk is the same if the rest of it is zeros.',
    go: 'Compare',
    working: 'Comparing…',
    same: 'Both disks hold the same.',
    sizesDiffer: 'They differ in size; the rest of the longer one is zeros.',
    size: (left: string, right: string) => `Their sizes differ: ${left} and ${right}.`,
    content: (at: string) => `They differ. The first byte that is not the same lies at ${at}.`,
    beyond: 'It lies behind the end of the shorter disk.',
    allocation: (at: string) => `What is allocated differs, first at ${at}.`,
    map: 'Show it on the map',
  },
  flatten: {
    item: 'Flatten: make it stand alone',
    title: (name: string) => `Flatten ${name}`,
    what: (size: string) =>
      `All that it reads from below is copied into it: it grows to about ${size}, and further where layers below are compressed. Those stay as they are.`,
    go: 'Flatten',
  },
} as const
