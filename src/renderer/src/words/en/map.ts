import type { MapKind, MapSums } from '../../lib/map-cells.ts'
import { baseName } from '../../lib/paths.ts'
import { countText, sizeText } from '../../lib/sizes.ts'

const kinds = {
  data: ['Data', 'What the guest wrote, in this file.'],
  packed: ['Compressed', 'What the guest wrote, stored compressed.'],
  below: ['In a lower layer', 'Read from an image that this one stands on.'],
  zero: ['Zeros', 'Said to be zeros; takes no room for data.'],
  hole: ['Nothing', 'Never written, or given back. Reads as zeros.'],
} as const satisfies Record<MapKind, readonly [name: string, meaning: string]>

/** The map of a disk. */
export const mapWords = {
  kinds,
  hint: 'Each square is a piece of the disk as the guest sees it, paler if only part of it is in use. Point at one to see where it lies.',
  picture: 'Map of the disk. Arrow keys move from square to square, plus and minus zoom, Home and End go to the ends of the disk.',
  strip: 'The whole disk, and the part of it below',
  moveWindow: 'Part in view',
  colours: 'Colours',
  byKind: 'By kind',
  byLayer: 'By layer',
  patterns: 'Patterns',
  zoomIn: 'Nearer (+)',
  zoomOut: 'Farther (−)',
  all: 'Whole disk',
  allKey: 'Show the whole disk (0)',
  goTo: 'Go to offset',
  goToHint: '1.5G, 0x10000',
  goToFault: (size: string) => `Type a place on the disk, such as 1.5G or 0x10000, below ${size}.`,
  perCell: (size: string) => `${size} each`,
  reading: 'Looking…',
  grain: (size: string) => `So many pieces: of each ${size} it is known what it holds, not where.`,
  table: 'As a table',
  tableOf: (range: string) => `What ${range} is made of`,
  columns: { start: 'Start', length: 'Length', kind: 'Kind', layer: 'Layer', offset: 'In its file' },
  noLayer: 'None',
  noOffset: '–',
  tableCut: (count: number, next: number) =>
    `The first ${countText(count)} ranges, up to 0x${next.toString(16)}. Come nearer to see the others.`,
  range: (start: number, end: number) => `${sizeText(start)} to ${sizeText(end)}`,
  exactRange: (start: number, end: number) => `0x${start.toString(16)}–0x${(end - 1).toString(16)}`,
  nothing: 'Point at a square.',
  guest: 'Guest offset',
  holds: 'Holds',
  lies: 'Lies at',
  partition: 'Partition',
  place: (file: string, offset: number) => `${baseName(file)}, 0x${offset.toString(16)}`,
  compressedIn: (file: string) => `${baseName(file)}, compressed`,
  storedIn: (file: string) => baseName(file),
  more: (count: number) => `and ${countText(count)} more pieces`,
  nowhere: 'Nowhere: nothing is stored',
  unreached: 'Not looked at yet',
  partitionName: (index: number, label: string | undefined, kind: string | undefined) => label ?? kind ?? `Partition ${index}`,
  partitionTitle: (index: number, name: string, size: string) => `Partition ${index}: ${name}, ${size}`,
  beyond: (size: string) => `${size} behind the last partition`,
  layer: (depth: number, name: string) => (depth === 0 ? `${name} (this file)` : name),
  summary: (sums: MapSums, range: string) =>
    `${range}: ${(Object.keys(kinds) as MapKind[])
      .filter((kind) => sums[kind] > 0)
      .map((kind) => `${kinds[kind][0].toLowerCase()} ${sizeText(sums[kind])}`)
      .join(', ')}`,
} as const
