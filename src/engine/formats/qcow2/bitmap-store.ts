import { StrataError } from '../../../shared/errors.ts'
import { alignUp, ceilDiv, putU64 } from '../../base/ints.ts'
import { viewOf } from '../../base/bytes.ts'
import {
  type BitmapRecord,
  directorySize,
  encodeDirectory,
  readBitmapsExtension,
  readDirectory,
  tableEntriesFor,
  tableReach,
} from './bitmap-directory.ts'
import { publishBitmapsExtension } from './bitmap-extension.ts'
import { ALL_BITS, encodeBitmapTable, NO_BITS, readBitmapTable, readBits } from './bitmap-table.ts'
import { clearBitsFrom, setBits } from './bits.ts'
import type { Image } from './image.ts'
import { BitmapEntry } from './layout.ts'
import type { MarkedRanges } from './marked-ranges.ts'

/** A new table of a bitmap, written to the file and named by nothing yet, and the clusters that it no longer needs. */
interface NewTable {
  record: BitmapRecord
  tableOffset: number
  tableSize: number
  freed: number[]
}

/**
 * The bitmaps of an image as they stand in the file, and the only ways in which they change there. Each way writes what is new to free
 * clusters, makes it durable with its counts, and then switches to it with writes that a power cut leaves whole or undone; what was there
 * before is given back last.
 */
export class BitmapStore {
  readonly image: Image
  /** a change failed: nobody knows what of it is in the file, so nothing there is changed any more, nor called right */
  broken = false
  #records: BitmapRecord[]

  /** Throws `CORRUPT` for an impossible directory. */
  constructor(image: Image) {
    this.image = image
    this.#records = readDirectory(image.storage, image.header, image.geometry)
  }

  get records(): readonly BitmapRecord[] {
    return this.#records
  }

  /** Adds and removes bitmaps. `gone` are the clusters that only the removed ones used. */
  publish(records: readonly BitmapRecord[], gone: readonly number[]): void {
    this.#changing(() => this.#publish(records, gone))
  }

  #changing(change: () => void): void {
    if (this.broken)
      throw new StrataError('IO', 'The bitmaps of this image could not be changed before, and are left alone', {
        path: this.image.storage.path,
      })
    try {
      change()
    } catch (error) {
      this.broken = true
      throw error
    }
  }

  #publish(records: readonly BitmapRecord[], gone: readonly number[]): void {
    const { image } = this
    const old = readBitmapsExtension(image.storage, image.header)
    if (records.length === 0) {
      image.flush()
      publishBitmapsExtension(image, undefined)
      this.#records = []
    } else {
      const size = directorySize(records)
      const at = image.allocator.allocate(ceilDiv(size, image.geometry.clusterSize))
      const { bytes, placed } = encodeDirectory(records, at)
      this.#writeWhole(at, bytes)
      image.flush()
      publishBitmapsExtension(image, { count: records.length, directorySize: size, directoryOffset: at })
      this.#records = placed
    }
    image.metadata.renew()
    if (old) image.allocator.free(old.at, old.size)
    this.#free(gone)
  }

  /** Sets or clears flags of bitmaps where they stand. */
  writeFlags(flagsOf: (record: BitmapRecord) => number): void {
    const next = this.#records.map((record) => ({ ...record, flags: flagsOf(record) }))
    const changed = next.filter(({ flags }, i) => flags !== this.#records[i]?.flags)
    if (changed.length === 0) return
    this.#changing(() => {
      for (const { at, flags } of changed) {
        const word = new Uint8Array(4)
        viewOf(word).setUint32(0, flags)
        this.image.storage.writeAt(at + BitmapEntry.at('flags'), word)
      }
      this.image.storage.flush()
      this.#records = next
    })
  }

  /** Adds marks to the bits of bitmaps, and makes these fit the disk's size, where that has changed. */
  addMarks(records: readonly BitmapRecord[], marks: MarkedRanges, resized = false): void {
    if (records.length > 0) this.#switchTo(records.map((record) => this.#withMarks(record, marks, resized)))
  }

  /** Unsets every bit of a bitmap. */
  clear(record: BitmapRecord): void {
    const freed = this.clustersOf(record)
    this.#switchTo([{ record, ...this.emptyTable(record.granularityBits), freed }])
  }

  /** A table without a bit set, written and named by nothing yet. */
  emptyTable(granularityBits: number): { tableOffset: number; tableSize: number } {
    const { header, geometry } = this.image
    return this.#writeTable(new Float64Array(tableEntriesFor(geometry, header.size, granularityBits)))
  }

  /** Every cluster that a bitmap takes: table and bits. Throws `CORRUPT` for an impossible table. */
  clustersOf(record: BitmapRecord): number[] {
    const { storage, geometry } = this.image
    const bits = readBitmapTable(storage, geometry, record).filter((entry) => entry > ALL_BITS)
    return [...bits, ...this.#tableClusters(record)]
  }

  /** Whether the table of a bitmap can be read. */
  isSound(record: BitmapRecord): boolean {
    try {
      readBitmapTable(this.image.storage, this.image.geometry, record)
      return true
    } catch (error) {
      if (error instanceof StrataError && error.code === 'CORRUPT') return false
      throw error
    }
  }

  #tableClusters({ tableOffset, tableSize }: BitmapRecord): number[] {
    const { clusterSize } = this.image.geometry
    return Array.from({ length: ceilDiv(tableSize * 8, clusterSize) }, (_, i) => tableOffset + i * clusterSize)
  }

  #withMarks(record: BitmapRecord, marks: MarkedRanges, resized: boolean): NewTable {
    const { storage, geometry, header, allocator } = this.image
    const { granularityBits } = record
    const granularity = 2 ** granularityBits
    const reach = tableReach(geometry, granularityBits)
    const old = readBitmapTable(storage, geometry, record)
    const table = new Float64Array(tableEntriesFor(geometry, header.size, granularityBits))
    table.set(old.subarray(0, table.length))
    const freed = this.#tableClusters(record)
    for (const entry of old.subarray(table.length)) if (entry > ALL_BITS) freed.push(entry)

    const bytes = new Uint8Array(geometry.clusterSize)
    for (const [i, entry] of table.entries()) {
      const start = i * reach
      const count = Math.min(bytes.length * 8, ceilDiv(header.size - start, granularity))
      // Past the end of a smaller disk there are bits of the larger one.
      let touched = resized && count < bytes.length * 8 && entry !== NO_BITS
      if (touched) readBits(storage, entry, bytes)
      for (const range of entry === ALL_BITS ? [] : marks.within(start, Math.min(start + reach, header.size))) {
        if (!touched) readBits(storage, entry, bytes)
        touched = true
        setBits(bytes, Math.floor((range.at - start) / granularity), ceilDiv(range.at + range.length - start, granularity))
      }
      if (!touched) continue
      clearBitsFrom(bytes, count)
      if (entry > ALL_BITS) freed.push(entry)
      table[i] = bytes.every((byte) => byte === 0xff) ? ALL_BITS : allocator.allocate(1)
      if (table[i] !== ALL_BITS) storage.writeAt(table[i], bytes)
    }
    return { record, ...this.#writeTable(table), freed }
  }

  #writeTable(table: Float64Array): { tableOffset: number; tableSize: number } {
    const bytes = encodeBitmapTable(table)
    const tableOffset = this.image.allocator.allocate(ceilDiv(bytes.length, this.image.geometry.clusterSize))
    this.#writeWhole(tableOffset, bytes)
    return { tableOffset, tableSize: table.length }
  }

  /** Writes bytes and fills the last of their clusters up, so that the file reaches to its end. */
  #writeWhole(at: number, bytes: Uint8Array): void {
    const whole = new Uint8Array(alignUp(bytes.length, this.image.geometry.clusterSize))
    whole.set(bytes)
    this.image.storage.writeAt(at, whole)
  }

  /** Tables of another size need another directory; for others one word of their row says where they are. */
  #switchTo(tables: readonly NewTable[]): void {
    this.#changing(() => this.#nameTables(tables))
  }

  #nameTables(tables: readonly NewTable[]): void {
    const { image } = this
    const freed = tables.flatMap((table) => table.freed)
    const moved = new Map(tables.map(({ record, tableOffset, tableSize }) => [record.name, { tableOffset, tableSize }]))
    const next = this.#records.map((record) => ({ ...record, ...moved.get(record.name) }))
    if (tables.some(({ record, tableSize }) => tableSize !== record.tableSize)) return this.#publish(next, freed)
    image.flush()
    for (const { at, name, tableOffset } of next) {
      if (!moved.has(name)) continue
      const word = new Uint8Array(8)
      putU64(viewOf(word), 0, tableOffset)
      image.storage.writeAt(at + BitmapEntry.at('tableOffset'), word)
    }
    this.#records = next
    this.#free(freed)
  }

  /** Makes durable what was switched to, and gives back what was there before. */
  #free(clusters: readonly number[]): void {
    const { allocator, geometry } = this.image
    for (const at of clusters) allocator.free(at, geometry.clusterSize)
    this.image.flush()
  }
}
