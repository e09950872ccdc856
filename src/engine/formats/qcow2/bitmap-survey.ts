import { viewOf } from '../../base/bytes.ts'
import { alignUp, getU64 } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { type Examined, read } from './examined.ts'
import { hostOf } from './entry.ts'
import { hex } from './findings.ts'
import { AUTOCLEAR, BitmapEntry, BitmapsExtension, EXTENSION, LIMITS } from './layout.ts'

/** Section "Bitmaps": limits of one bitmap that QEMU enforces. */
const MOST_TABLE_ENTRIES = 2 ** 27
const MOST_DATA_BYTES = 2 ** 29
const MOST_NAME = 1023
const FLAG_IN_USE = 1
const KNOWN_FLAGS = 3
const DIRTY_TRACKING = 1
/** Bits that a bitmap is padded to. */
const WORD_BITS = 64
/** Section "Bitmap table": what must be zero in an entry, and the bit that says "all ones" where there is no cluster. */
const RESERVED_HIGH = 0xff000000
const RESERVED_LOW = 0x1fe
const ALL_ONES = 1

/** What a walk over the bitmaps tells. */
export interface BitmapVisitor {
  /** `[at, at + length)` of the file belongs to the bitmaps; answers whether that is inside the file, and says so itself where not */
  part(at: number, length: number): boolean
  /** the directory makes no sense, as the entry at host offset `at` shows; the message is for what nobody has said */
  brokenDirectory(at: number, message?: string): void
  /** the table entry at host offset `at` makes no sense */
  brokenEntry(at: number, message?: string): void
}

/** Where the directory lies, in bytes, as the header says it. */
export interface BitmapDirectory {
  count: number
  size: number
  at: number
}

/** The bitmap directory that the header names; undefined where the image has no bitmaps that are to be trusted. */
export function bitmapDirectoryOf({ header }: Examined): BitmapDirectory | undefined {
  const data = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)?.data
  if (!data || (header.autoclear & AUTOCLEAR.bitmaps) === 0n) return undefined
  if (data.length !== BitmapsExtension.size) return { count: 0, size: 0, at: 0 }
  const view = viewOf(data)
  return {
    count: view.getUint32(BitmapsExtension.at('count')),
    size: getU64(view, BitmapsExtension.at('directorySize')),
    at: getU64(view, BitmapsExtension.at('directoryOffset')),
  }
}

/** Walks directory, tables and table entries of the bitmaps. */
export function walkBitmaps(image: Examined, visitor: BitmapVisitor, job: Job): void {
  const directory = bitmapDirectoryOf(image)
  if (!directory) return
  const { count, size, at: start } = directory
  const { clusterSize } = image.geometry
  if (count === 0 || count > LIMITS.bitmaps || size === 0 || size > LIMITS.bitmapDirectoryBytes || start === 0 || start % clusterSize !== 0)
    return visitor.brokenDirectory(start, 'the bitmap directory cannot be where the header says')
  if (!visitor.part(start, size)) return visitor.brokenDirectory(start)
  let at = start
  for (let i = 0; i < count; i++) {
    const row = at + BitmapEntry.size > start + size ? undefined : readRow(image, at)
    const next = row && at + row.length
    if (!row || next === undefined || next > start + size) return visitor.brokenDirectory(at, `bitmap ${i} reaches past its directory`)
    const fault = rowFault(image, row)
    if (fault !== undefined) return visitor.brokenDirectory(at, `bitmap ${i}: ${fault}`)
    if (!visitor.part(row.tableOffset, row.tableSize * 8)) visitor.brokenDirectory(at)
    walkTable(image, row.tableOffset, row.tableSize, visitor, job)
    at = next
  }
  if (at !== start + size) visitor.brokenDirectory(at, 'the bitmap directory is larger than its entries')
}

type Row = ReturnType<typeof readRow>

function readRow({ storage }: Examined, at: number) {
  const view = read(storage, at, BitmapEntry.size)
  const nameLength = view.getUint16(BitmapEntry.at('nameLength'))
  const extraLength = view.getUint32(BitmapEntry.at('extraLength'))
  return {
    tableOffset: getU64(view, BitmapEntry.at('tableOffset')),
    tableSize: view.getUint32(BitmapEntry.at('tableSize')),
    flags: view.getUint32(BitmapEntry.at('flags')),
    type: view.getUint8(BitmapEntry.at('type')),
    granularityBits: view.getUint8(BitmapEntry.at('granularityBits')),
    nameLength,
    extraLength,
    /** bytes of the whole row */
    length: alignUp(BitmapEntry.size + extraLength + nameLength, 8),
  }
}

function rowFault({ geometry, header }: Examined, row: Row): string | undefined {
  const { tableOffset, tableSize, flags, type, granularityBits, nameLength, extraLength } = row
  if (type !== DIRTY_TRACKING) return `type ${type} is not known`
  if (flags > KNOWN_FLAGS) return 'reserved flags are set'
  if (extraLength > 0) return 'it has extra data, and so must not be used'
  if (granularityBits < 9 || granularityBits > 31) return `a granularity of 2^${granularityBits} bytes is impossible`
  if (nameLength === 0 || nameLength > MOST_NAME) return 'its name has an impossible length'
  if (tableOffset === 0 || tableOffset % geometry.clusterSize !== 0) return 'its table is not on a cluster boundary'
  if (tableSize === 0 || tableSize > MOST_TABLE_ENTRIES || tableSize * geometry.clusterSize > MOST_DATA_BYTES)
    return `a table of ${tableSize} entries is impossible`
  if ((flags & FLAG_IN_USE) !== 0) return undefined
  const words = Math.ceil(Math.ceil(header.size / 2 ** granularityBits) / WORD_BITS)
  return tableSize === Math.ceil((words * WORD_BITS) / 8 / geometry.clusterSize) ? undefined : 'its table does not fit the disk'
}

function walkTable(image: Examined, at: number, entries: number, visitor: BitmapVisitor, job: Job): void {
  const { clusterSize } = image.geometry
  // A hostile file may claim a table as large as the limits allow; what lies past its end is zeros, which say nothing.
  const there = Math.min(entries, Math.max(0, Math.ceil((image.storage.size - at) / 8)))
  for (let first = 0; first < there; first += clusterSize / 8) {
    const count = Math.min(clusterSize / 8, there - first)
    job.checkpoint()
    const table = read(image.storage, at + first * 8, count * 8)
    for (let i = 0; i < count; i++) {
      const high = table.getUint32(i * 8)
      const low = table.getUint32(i * 8 + 4)
      const host = hostOf(high, low)
      const place = at + (first + i) * 8
      if (high & RESERVED_HIGH || low & RESERVED_LOW) visitor.brokenEntry(place, 'a bitmap table entry has reserved bits set')
      else if (host !== 0 && (low & ALL_ONES || host % clusterSize !== 0))
        visitor.brokenEntry(place, `a bitmap table entry points at ${hex(host)}, which is no cluster`)
      else if (host !== 0 && !visitor.part(host, clusterSize)) visitor.brokenEntry(place)
    }
  }
}
