import type { Health } from '../../lib/chain-tree.ts'
import { sizeText } from '../../lib/sizes.ts'
import { many } from './many.ts'

/** The list of all disks. */
export const libraryWords = {
  title: 'Your disks',
  emptyTitle: 'Drop a disk image here',
  emptyText: 'See what is inside, what it costs, and whether it is sound. Convert it, grow it, or put an overlay on it.',
  emptyFormats: 'qcow2 and raw images: .qcow2, .img, .raw, .iso. Strata looks at the content, not at the name.',
  openFile: 'Open an image…',
  newDisk: 'New disk…',
  columns: { name: 'Name', format: 'Format', guest: 'Guest sees', disk: 'On disk', health: 'Health', share: 'How full' },
  filters: 'Filter the disks',
  format: { label: 'Format', all: 'Every format', qcow2: 'qcow2', raw: 'raw' },
  chain: { label: 'Chain', all: 'In a chain or not', base: 'Below others', overlay: 'On another disk', alone: 'Alone' },
  state: { label: 'Health', all: 'In any state', fine: 'Fine', trouble: 'With trouble', unknown: 'Not checked' },
  size: { label: 'Size', all: 'Every size', small: 'Under 1 GiB', medium: '1 to 10 GiB', large: 'Over 10 GiB' },
  group: { label: 'Order', folders: 'By folder', together: 'All together' },
  noneFits: 'No disk fits these filters.',
  showAll: 'Show all disks',
  totals: (disks: number, own: number, guest: number) =>
    `${many(disks, 'disk')} · ${sizeText(own)} on this computer · ${sizeText(guest)} for the guests`,
  watch: 'Add a folder…',
  watchTitle: 'Keep the disks of a folder in the list',
  unwatch: (name: string) => `Take ${name} out of the list`,
  unwatchHint: 'Its files stay where they are.',
  elsewhere: 'Other disks',
  noneInFolder: 'No disks in it yet',
  folderAway: 'This folder is not there now',
  folderMore: 'Only the first 2,000 disks of all folders are shown',
  disks: (count: number) => many(count, 'disk'),
  overlayOf: (name: string) => `on ${name}`,
} as const

/** What is known of a disk, in a word or two. */
export const healthWords = {
  fine: 'Fine',
  leaks: 'Some space is lost',
  corrupt: 'Damaged',
  unknown: 'Not checked',
  missing: 'Missing',
  unreadable: 'Cannot be read',
  broken: 'A layer is missing',
  none: 'Plain data',
} as const satisfies Record<Health, string>
