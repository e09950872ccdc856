import type { DiskInfo, FormatName } from '../../../../shared/model.ts'
import type { Feature } from '../../lib/disk-features.ts'
import { sizeText } from '../../lib/sizes.ts'

/** The page of one disk. */
export const diskWords = {
  tabs: {
    label: 'About this disk',
    overview: 'Overview',
    layers: 'Layers',
    map: 'Map',
    health: 'Health',
    snapshots: (count: number) => (count === 0 ? 'Snapshots' : `Snapshots (${count})`),
  },
  actions: {
    convert: 'Convert…',
    overlay: 'New overlay',
    resize: 'Resize…',
    compact: 'Compact…',
    check: 'Check',
    more: 'More actions',
    show: 'Show in folder',
    copyPath: 'Copy the path',
    reload: 'Read again',
    remove: 'Remove from library',
    add: 'Add to library',
  },
  removed: (name: string) => `${name} left the library. The file is still there.`,
  undo: 'Undo',
  sentence: (info: DiskInfo, below: string | undefined): string => {
    const kind = info.format === 'raw' ? 'raw image' : below === undefined ? 'qcow2 image' : `qcow2 overlay of ${below}`
    return `${info.encrypted ? 'encrypted ' : ''}${kind}`
  },
  forTheGuest: 'for the guest',
  sizeBar: (own: number, below: number, guest: number): string =>
    below > 0
      ? `${sizeText(own + below)} on disk (${sizeText(own)} own, ${sizeText(below)} below) of ${sizeText(guest)} for the guest`
      : `${sizeText(own)} on disk of ${sizeText(guest)} for the guest`,
  legend: { all: 'on disk:', own: 'this file', below: 'layers below', free: 'not stored' },
  facts: 'Facts',
  features: 'Features',
  layers: 'Layers',
  layersHint: 'The base is at the bottom. Each layer holds only what changed above it.',
  single: 'This disk stands alone: nothing below it, and no overlay in your library depends on it.',
  copied: 'Copied',
  copy: (label: string) => `Copy ${label}`,
  borrowed: 'You see what the disk above tells of this one. To work with it, open it by itself.',
  openIt: 'Open it…',
  missing: (name: string) => `${name} is not where it was`,
  missingHint:
    'It may have been moved, renamed or deleted, or its drive is not connected. Put it back, point at its new place, or remove it from the library.',
  brokenChain: 'A layer below can’t be opened',
  brokenHint: 'Until it is back, parts of this disk can’t be read. Put the file back where it was; then choose “Read again”.',
  labels: {
    path: 'File',
    format: 'Format',
    guest: 'Guest sees',
    disk: 'On disk',
    fileLength: 'File length',
    cluster: 'Cluster size',
    version: 'Version',
    compression: 'Compression',
    refcount: 'Reference counts',
    backing: 'Backing file',
    modified: 'Changed',
  },
  versionText: (compat: string) => (compat === '0.10' ? '2 (compat 0.10)' : '3 (compat 1.1)'),
  bits: (width: number) => `${width} bits each`,
  backingAs: (name: string, format: string | undefined) => (format === undefined ? name : `${name} (${format})`),
  layerLabel: (name: string, size: string, health: string) => `${name}, ${size} own, ${health}`,
  layerMissing: 'not found',
  layerShown: 'shown here',
} as const

/** Each feature of a disk: its name and what it means. */
export const featuresWords = {
  overlay: ['Overlay', 'Holds only what differs from the image below. Without that image it can’t be read.'],
  base: ['Base', 'Other disks in your library are built on this one. Changing it would damage them.'],
  sparse: ['Thin', 'Takes room on this computer only for what the guest has written.'],
  v2: ['Old version', 'Version 2 of the format (compat 0.10), for QEMU older than 1.1. It lacks cheap zero clusters.'],
  zstd: ['zstd', 'Compressed clusters use Zstandard. QEMU before 5.1 can’t read them.'],
  lazy: ['Lazy counts', 'Reference counts are written late for speed; after a crash the image needs a repair.'],
  extendedL2: ['Subclusters', 'Each cluster is managed in 32 parts, so small writes cost less. Needs QEMU 5.2.'],
  snapshots: ['Snapshots', 'The image holds earlier states of itself.'],
  encrypted: ['Encrypted', 'The guest’s data can be read only with a password.'],
  dirty: ['Not closed cleanly', 'The program that wrote this image did not close it. Its reference counts may be stale: run a check.'],
  corrupt: ['Marked damaged', 'QEMU found damage and set this mark; it refuses to write until the image is repaired.'],
} as const satisfies Record<Feature, readonly [name: string, meaning: string]>

/** Each format: its name and what it is good for. */
export const formatsWords = {
  qcow2: ['qcow2', 'Grows as the guest writes; overlays, snapshots, compression.'],
  raw: ['raw', 'The guest’s bytes as they are; every program reads it.'],
} as const satisfies Record<FormatName, readonly [name: string, meaning: string]>
