import { StrataError } from '../../../shared/errors.ts'
import { textOf, viewOf } from '../../base/bytes.ts'
import { alignUp } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { assertCompression } from './compression.ts'
import { type Extension, encodeExtensions, parseExtensions } from './extensions.ts'
import { type Geometry, geometryOf, l1EntriesFor, type Shape } from './geometry.ts'
import { COMPRESSION_TYPE_AT, EXTENSION, HEADER_LENGTH, HeaderV2, HeaderV3, INCOMPATIBLE, LIMITS, MAGIC } from './layout.ts'

/** Everything in the first cluster. Offsets and sizes in bytes. */
export interface Header {
  version: 2 | 3
  backing?: { name: string; format?: string }
  clusterBits: number
  /** guest bytes */
  size: number
  cryptMethod: number
  /** entries */
  l1Size: number
  l1Offset: number
  refcountTableOffset: number
  refcountTableClusters: number
  snapshotCount: number
  snapshotsOffset: number
  incompatible: bigint
  compatible: bigint
  autoclear: bigint
  refcountOrder: number
  compressionType: number
  /** header bytes past the fields that Strata knows, kept for a rewrite */
  rest: Uint8Array
  /** all extensions but the backing format, in file order */
  extensions: Extension[]
}

/** Whether a file starts with the magic. Every version counts: an unknown one must be refused by name, not read as raw. */
export function probe(head: Uint8Array): boolean {
  return head.length >= 4 && viewOf(head).getUint32(0) === MAGIC
}

/**
 * Reads and checks the header against the format's limits and the file's size, allocating at most one cluster.
 * Throws `BAD_MAGIC`, `CORRUPT` or `UNSUPPORTED`, each with offset and field.
 */
export function readHeader(storage: Storage): Header {
  const header = readDamagedHeader(storage)
  assertTablesInside(header, geometryOf(shapeOf(header)), storage)
  return header
}

/**
 * The same for an image that is to be checked or mended: tables may lie outside the file, and there may be too many snapshots or no reference
 * counts. What says how to read the rest must be possible still.
 */
export function readDamagedHeader(storage: Storage): Header {
  const { path } = storage
  const first = new Uint8Array(HEADER_LENGTH)
  readPadded(storage, 0, first)
  if (!probe(first))
    throw new StrataError(
      'BAD_MAGIC',
      'This is not a qcow2 image',
      { path, offset: 0, field: 'magic' },
      'Open it as raw, or check the file name.',
    )
  const v2 = HeaderV2.decode(first, { path, offset: 0 })
  if (v2.version !== 2 && v2.version !== 3)
    throw new StrataError('UNSUPPORTED', `qcow2 version ${v2.version} is not known`, { path, offset: 4, field: 'version' })
  if (storage.size < HeaderV2.size) throw bad(path, 'The file ends inside the header', 0, 'header')
  if (v2.clusterBits < LIMITS.minClusterBits || v2.clusterBits > LIMITS.maxClusterBits)
    throw bad(path, `Clusters of 2^${v2.clusterBits} bytes are outside 512 bytes to 2 MiB`, 20, 'cluster_bits')

  const clusterSize = 2 ** v2.clusterBits
  const cluster = new Uint8Array(clusterSize)
  readPadded(storage, 0, cluster)
  const v3 =
    v2.version === 3 ? readV3(cluster, path) : { incompatible: 0n, compatible: 0n, autoclear: 0n, refcountOrder: 4, headerLength: 72 }
  const backingName = readBackingName(cluster, v2, path)
  const extensionsEnd = v2.backingOffset > 0 ? v2.backingOffset : clusterSize
  const extensions = parseExtensions(cluster.subarray(v3.headerLength, Math.max(v3.headerLength, extensionsEnd)), v3.headerLength, { path })
  const backingFormat = extensions.find(({ type }) => type === EXTENSION.backingFormat)

  const { l1Size, l1Offset, refcountTableOffset, refcountTableClusters, snapshotCount, snapshotsOffset, size, cryptMethod } = v2
  const header: Header = {
    version: v2.version,
    clusterBits: v2.clusterBits,
    ...{ size, cryptMethod, l1Size, l1Offset, refcountTableOffset, refcountTableClusters, snapshotCount, snapshotsOffset },
    incompatible: v3.incompatible,
    compatible: v3.compatible,
    autoclear: v3.autoclear,
    refcountOrder: v3.refcountOrder,
    compressionType: v3.headerLength > COMPRESSION_TYPE_AT ? cluster[COMPRESSION_TYPE_AT]! : 0,
    rest: cluster.slice(Math.min(HEADER_LENGTH, v3.headerLength), v3.headerLength),
    extensions: extensions.filter((extension) => extension !== backingFormat),
  }
  if (backingName !== undefined)
    header.backing = backingFormat ? { name: backingName, format: textOf(backingFormat.data) } : { name: backingName }
  assertCompression(header, path)
  assertTables(header, geometryOf(shapeOf(header)), path)
  return header
}

/** What of a header decides the sizes of tables and entries. */
export function shapeOf({ version, clusterBits, refcountOrder, incompatible }: Header): Shape {
  const extendedL2 = (incompatible & INCOMPATIBLE.extendedL2) !== 0n
  return { version, clusterBits, refcountOrder, extendedL2, external: (incompatible & INCOMPATIBLE.dataFile) !== 0n }
}

function readV3(
  cluster: Uint8Array,
  path: string,
): { [K in keyof typeof HeaderV3.fields]: K extends 'refcountOrder' | 'headerLength' ? number : bigint } {
  const v3 = HeaderV3.decode(cluster, { path, offset: 0 })
  if (v3.headerLength < HeaderV3.size || v3.headerLength > cluster.length || v3.headerLength % 8 !== 0)
    throw bad(path, `A header length of ${v3.headerLength} bytes is impossible`, HeaderV3.at('headerLength'), 'header_length')
  if (v3.refcountOrder > 6) throw bad(path, `A reference count width of 2^${v3.refcountOrder} bits is impossible`, 96, 'refcount_order')
  return v3
}

function readBackingName(cluster: Uint8Array, v2: { backingOffset: number; backingLength: number }, path: string): string | undefined {
  if (v2.backingOffset === 0) return undefined
  const { backingOffset: at, backingLength: length } = v2
  if (at > cluster.length) throw bad(path, 'The backing file name lies outside the first cluster', 8, 'backing_file_offset')
  if (length > Math.min(LIMITS.backingName, cluster.length - at))
    throw bad(path, `A backing file name of ${length} bytes does not fit`, 16, 'backing_file_size')
  return length === 0 ? undefined : textOf(cluster.subarray(at, at + length))
}

/** Throws for sizes and places of tables that no file could make possible. */
function assertTables(header: Header, geometry: Geometry, path: string): void {
  const aligned = (at: number, field: string, fieldAt: number, name: string): void => {
    if (at % geometry.clusterSize !== 0) throw bad(path, `The ${name} does not start on a cluster boundary`, fieldAt, field)
  }
  if (geometry.extendedL2 && geometry.clusterBits < LIMITS.minExtendedClusterBits)
    throw bad(path, `Extended L2 entries need clusters of at least 16 KiB`, 20, 'cluster_bits')
  if (header.l1Size * 8 > LIMITS.l1Bytes) throw bad(path, `An L1 table of ${header.l1Size} entries is larger than 32 MiB`, 36, 'l1_size')
  if (header.l1Size < l1EntriesFor(geometry, header.size))
    throw bad(path, `The L1 table is too small for a disk of ${header.size} bytes`, 36, 'l1_size')
  aligned(header.l1Offset, 'l1_table_offset', 40, 'L1 table')
  if (header.refcountTableClusters * geometry.clusterSize > LIMITS.refcountTableBytes)
    throw bad(path, 'The reference count table is larger than 8 MiB', 56, 'refcount_table_clusters')
  aligned(header.refcountTableOffset, 'refcount_table_offset', 48, 'reference count table')
  aligned(header.snapshotsOffset, 'snapshots_offset', 64, 'snapshot table')
}

/** Throws for what only a check or a repair may look at. */
function assertTablesInside(header: Header, geometry: Geometry, { path, size: fileSize }: Storage): void {
  const inside = (at: number, length: number, field: string, fieldAt: number, name: string): void => {
    if (length > 0 && (at === 0 || at >= fileSize || at + length > fileSize + geometry.clusterSize))
      throw bad(path, `The ${name} lies past the end of the file`, fieldAt, field, 'The image may have been cut short by a copy.')
  }
  inside(header.l1Offset, header.l1Size * 8, 'l1_table_offset', 40, 'L1 table')
  const tableBytes = header.refcountTableClusters * geometry.clusterSize
  if (tableBytes === 0) throw bad(path, 'The image has no reference count table', 56, 'refcount_table_clusters', 'Repair can make one.')
  inside(header.refcountTableOffset, tableBytes, 'refcount_table_offset', 48, 'reference count table')
  if (header.snapshotCount > LIMITS.snapshots) throw bad(path, `${header.snapshotCount} snapshots are too many`, 60, 'nb_snapshots')
  inside(header.snapshotsOffset, header.snapshotCount * 40, 'snapshots_offset', 64, 'snapshot table')
}

function bad(
  path: string,
  message: string,
  offset: number,
  field: string,
  hint = 'The header is damaged. Restore the image from a copy.',
): StrataError {
  return new StrataError('CORRUPT', message, { path, offset, field }, hint)
}

/**
 * The first cluster of an image with this header: fields, kept header bytes, extensions, backing name.
 * Throws `INVALID_ARGUMENT` when it does not fit into one cluster.
 */
export function encodeHeader(header: Header, path: string): Uint8Array {
  const clusterSize = 2 ** header.clusterBits
  const headerLength = header.version === 2 ? HeaderV2.size : HEADER_LENGTH + header.rest.length
  const encoder = new TextEncoder()
  const extensions = [...header.extensions]
  if (header.backing?.format !== undefined)
    extensions.unshift({ type: EXTENSION.backingFormat, data: encoder.encode(header.backing.format) })
  const area = encodeExtensions(extensions)
  const name = encoder.encode(header.backing?.name ?? '')
  const backingOffset = alignUp(headerLength + area.length, 8)
  if (name.length > LIMITS.backingName || backingOffset + name.length > clusterSize)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'The backing file name does not fit into the first cluster',
      { path, field: 'backing_file' },
      'Use a larger cluster size or a shorter name.',
    )

  const cluster = new Uint8Array(clusterSize)
  HeaderV2.encode({ ...header, magic: MAGIC, backingOffset: name.length > 0 ? backingOffset : 0, backingLength: name.length }, cluster)
  if (header.version === 3) {
    HeaderV3.encode({ ...header, headerLength }, cluster)
    cluster[COMPRESSION_TYPE_AT] = header.compressionType
    cluster.set(header.rest, HEADER_LENGTH)
  }
  cluster.set(area, headerLength)
  cluster.set(name, backingOffset)
  return cluster
}

/** Rewrites the header fields from the disk size to the L1 table's offset, in one write: a resize appears at once or not at all. */
export function writeSizeFields(storage: Storage, header: Header): void {
  writeFields(storage, header, HeaderV2.at('size'), HeaderV2.at('refcountTableOffset'))
}

/** Rewrites the place and size of the reference count table, in one write. */
export function writeRefcountTableFields(storage: Storage, header: Header): void {
  writeFields(storage, header, HeaderV2.at('refcountTableOffset'), HeaderV2.at('snapshotCount'))
}

/** Rewrites the place, the size and the width of the reference counts, in one write: other counts appear at once or not at all. */
export function writeRefcountFields(storage: Storage, header: Header): void {
  const bytes = new Uint8Array(HeaderV3.size)
  HeaderV2.encode({ ...header, magic: MAGIC, backingOffset: 0, backingLength: 0 }, bytes) // the backing fields lie before what is written
  HeaderV3.encode({ ...header, headerLength: 0 }, bytes) // and the length behind it
  const end = header.version === 2 ? HeaderV2.at('snapshotCount') : HeaderV3.at('headerLength')
  storage.writeAt(HeaderV2.at('refcountTableOffset'), bytes.subarray(HeaderV2.at('refcountTableOffset'), end))
}

/** Rewrites the place and number of the snapshots, in one write: a new snapshot table appears at once or not at all. */
export function writeSnapshotFields(storage: Storage, header: Header): void {
  writeFields(storage, header, HeaderV2.at('snapshotCount'), HeaderV2.size)
}

/** Rewrites the feature bits of a version 3 header, in one write. */
export function writeFeatures(storage: Storage, { incompatible, compatible, autoclear }: Header): void {
  const words = new Uint8Array(24)
  const view = viewOf(words)
  view.setBigUint64(0, incompatible)
  view.setBigUint64(8, compatible)
  view.setBigUint64(16, autoclear)
  storage.writeAt(HeaderV3.at('incompatible'), words)
}

function writeFields(storage: Storage, header: Header, from: number, to: number): void {
  const bytes = new Uint8Array(HeaderV2.size)
  HeaderV2.encode({ ...header, magic: MAGIC, backingOffset: 0, backingLength: 0 }, bytes) // the backing fields lie before every range written here
  storage.writeAt(from, bytes.subarray(from, to))
}
