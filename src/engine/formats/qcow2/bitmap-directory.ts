import { StrataError } from '../../../shared/errors.ts'
import { textOf } from '../../base/bytes.ts'
import { alignUp, ceilDiv } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import { AUTOCLEAR, BITMAP_FLAG, BitmapEntry, BitmapsExtension, EXTENSION, LIMITS } from './layout.ts'

/** A row of the bitmap directory, and where it lies in the file. */
export interface BitmapRecord {
  readonly at: number
  readonly name: string
  /** the name as it is stored, which may be no text at all */
  readonly nameBytes: Uint8Array
  readonly tableOffset: number
  /** entries */
  readonly tableSize: number
  /** as they stand in the file, of `BITMAP_FLAG` */
  readonly flags: number
  readonly granularityBits: number
  /** kept as it is: nobody has given it a meaning yet */
  readonly extra: Uint8Array
}

/** Table entries that the bits of a disk of `size` guest bytes take: each stands for a cluster of bits. */
export function tableEntriesFor(geometry: Geometry, size: number, granularityBits: number): number {
  return ceilDiv(size, tableReach(geometry, granularityBits))
}

/** Whether the bits of a disk of `size` guest bytes have a table that is possible: some entries, and not too many. */
export function isTablePossible(geometry: Geometry, size: number, granularityBits: number): boolean {
  const entries = tableEntriesFor(geometry, size, granularityBits)
  return entries > 0 && entries * geometry.clusterSize <= LIMITS.bitmapBytes
}

/** Guest bytes that the bits of one cluster stand for. */
export function tableReach({ clusterSize }: Geometry, granularityBits: number): number {
  return clusterSize * 8 * 2 ** granularityBits
}

/** Where the header says that the directory lies; nothing where there are no bitmaps, or none to be trusted. Throws `CORRUPT`. */
export function readBitmapsExtension(storage: Storage, header: Header): { count: number; size: number; at: number } | undefined {
  const data = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)?.data
  if (!data || (header.autoclear & AUTOCLEAR.bitmaps) === 0n) return undefined
  const { path } = storage
  const bad = (message: string): StrataError => damaged(message, path, 0, 'bitmaps extension')
  if (data.length !== BitmapsExtension.size) throw bad(`The bitmaps extension has ${data.length} bytes instead of ${BitmapsExtension.size}`)
  const { count, reserved, directorySize: size, directoryOffset: at } = BitmapsExtension.decode(data, { path })
  if (reserved !== 0) throw bad('A reserved field of the bitmaps extension is not zero')
  if (count === 0 || count > LIMITS.bitmaps) throw bad(`${count} bitmaps are impossible`)
  if (size > LIMITS.bitmapDirectoryBytes || size < count * BitmapEntry.size)
    throw bad(`A bitmap directory of ${size} bytes is impossible for ${count} bitmaps`)
  if (at === 0 || at % 2 ** header.clusterBits !== 0) throw bad('The bitmap directory does not start on a cluster boundary')
  if (at + size > alignUp(storage.size, 2 ** header.clusterBits)) throw bad('The bitmap directory lies past the end of the file')
  return { count, size, at }
}

/** Reads the bitmap directory (section "Bitmap directory"). Throws `CORRUPT` for what is impossible. */
export function readDirectory(storage: Storage, header: Header, geometry: Geometry): BitmapRecord[] {
  const place = readBitmapsExtension(storage, header)
  if (!place) return []
  const bytes = new Uint8Array(place.size)
  readPadded(storage, place.at, bytes)
  const records: BitmapRecord[] = []
  const names = new Set<string>()
  let done = 0
  for (let i = 0; i < place.count; i++) {
    const at = place.at + done
    const bad = (message: string, field: keyof typeof BitmapEntry.fields): StrataError =>
      damaged(message, storage.path, at + BitmapEntry.at(field), `bitmap ${i}: ${field}`)
    if (done + BitmapEntry.size > bytes.length) throw bad('The bitmap directory ends inside a row', 'tableOffset')
    const row = BitmapEntry.decode(bytes.subarray(done), { path: storage.path, offset: at })
    const { extraLength, nameLength } = row
    if (done + BitmapEntry.size + extraLength + nameLength > bytes.length)
      throw bad('The bitmap directory ends inside a row', 'extraLength')
    if (nameLength === 0 || nameLength > LIMITS.bitmapName) throw bad(`A bitmap name of ${nameLength} bytes is impossible`, 'nameLength')
    const extra = bytes.slice(done + BitmapEntry.size, done + BitmapEntry.size + extraLength)
    const nameBytes = bytes.slice(done + BitmapEntry.size + extraLength, done + BitmapEntry.size + extraLength + nameLength)
    const name = textOf(nameBytes)
    if (names.has(name)) throw bad(`Two bitmaps are called '${name}'`, 'nameLength')
    names.add(name)
    assertRow(row, storage, geometry, header.size, bad)
    const { tableOffset, tableSize, flags, granularityBits } = row
    records.push({ at, name, nameBytes, tableOffset, tableSize, flags, granularityBits, extra })
    done += rowLength(extraLength, nameLength)
  }
  if (done !== place.size) throw damaged('The bitmap directory is longer than its rows', storage.path, place.at, 'bitmaps extension')
  assertApart(records, storage.path)
  return records
}

/** Two bitmaps never share a table: giving back what one needs no more would destroy the other. */
function assertApart(records: readonly BitmapRecord[], path: string): void {
  const inOrder = [...records].sort((a, b) => a.tableOffset - b.tableOffset)
  for (const [i, { at, name, tableOffset }] of inOrder.entries()) {
    const before = inOrder[i - 1]
    if (before && before.tableOffset + before.tableSize * 8 > tableOffset)
      throw damaged(`The tables of the bitmaps '${before.name}' and '${name}' lie over each other`, path, at, 'tableOffset')
  }
}

function assertRow(
  { tableOffset, tableSize, flags, type, granularityBits }: ReturnType<typeof BitmapEntry.decode>,
  storage: Storage,
  geometry: Geometry,
  size: number,
  bad: (message: string, field: keyof typeof BitmapEntry.fields) => StrataError,
): void {
  const { clusterSize } = geometry
  if (type !== 1) throw bad(`A bitmap of the unknown type ${type}`, 'type')
  if ((flags & ~(BITMAP_FLAG.inUse | BITMAP_FLAG.auto | BITMAP_FLAG.extraCompatible)) !== 0)
    throw bad(`A bitmap has unknown flags (0x${flags.toString(16)})`, 'flags')
  if (granularityBits < LIMITS.minGranularityBits || granularityBits > LIMITS.maxGranularityBits)
    throw bad(`A bitmap granularity of 2^${granularityBits} bytes is impossible`, 'granularityBits')
  if (tableOffset === 0 || tableOffset % clusterSize !== 0) throw bad('A bitmap table does not start on a cluster boundary', 'tableOffset')
  if (tableSize === 0 || tableSize * clusterSize > LIMITS.bitmapBytes)
    throw bad(`A bitmap table of ${tableSize} entries is impossible`, 'tableSize')
  if (tableOffset + tableSize * 8 > alignUp(storage.size, clusterSize))
    throw bad('A bitmap table lies past the end of the file', 'tableOffset')
  // A writer that did not end may have left another size than the disk's.
  if ((flags & BITMAP_FLAG.inUse) === 0 && tableSize !== tableEntriesFor(geometry, size, granularityBits))
    throw bad(`A bitmap table of ${tableSize} entries does not fit a disk of ${size} bytes`, 'tableSize')
}

/** The bytes of a directory that is to lie at host offset `at`, and its rows with their places in it. */
export function encodeDirectory(records: readonly BitmapRecord[], at: number): { bytes: Uint8Array; placed: BitmapRecord[] } {
  const bytes = new Uint8Array(directorySize(records))
  let done = 0
  const placed = records.map((record) => {
    const { tableOffset, tableSize, flags, granularityBits, extra, nameBytes } = record
    const row = bytes.subarray(done)
    BitmapEntry.encode(
      { tableOffset, tableSize, flags, type: 1, granularityBits, nameLength: nameBytes.length, extraLength: extra.length },
      row,
    )
    row.set(extra, BitmapEntry.size)
    row.set(nameBytes, BitmapEntry.size + extra.length)
    done += rowLength(extra.length, nameBytes.length)
    return { ...record, at: at + bytes.length - row.length }
  })
  return { bytes, placed }
}

/** Bytes of the directory of these bitmaps. */
export function directorySize(records: readonly BitmapRecord[]): number {
  return records.reduce((sum, { extra, nameBytes }) => sum + rowLength(extra.length, nameBytes.length), 0)
}

function rowLength(extraLength: number, nameLength: number): number {
  return alignUp(BitmapEntry.size + extraLength + nameLength, 8)
}

function damaged(message: string, path: string, offset: number, field: string): StrataError {
  return new StrataError('CORRUPT', message, { path, offset, field }, 'Run Check on this image.')
}
