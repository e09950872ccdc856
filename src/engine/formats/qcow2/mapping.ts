import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { Allocator } from './allocator.ts'
import {
  decodeL2,
  hasHost,
  hostOf,
  isExclusive,
  kindOf,
  l1Fault,
  type L2Entry,
  type L2Kind,
  l2Fault,
  putL1,
  putL2,
  subclusterKindOf,
} from './entry.ts'
import type { Geometry } from './geometry.ts'
import { type Metadata, writtenOver } from './metadata.ts'
import { TableCache } from './tables.ts'

const CACHE_BYTES = 16 * 2 ** 20
const MAX_SLICE = 65536
/** The L1 table is written back in pieces of this many bytes. */
const L1_PIECE = 512
/** Entries that one question for a run looks at. A caller that walks a disk asks again anyway; one that reads a piece of it must not pay for all. */
const LOOK_AHEAD = 1024

/** `MappedRun.host` where there is no room in the file. */
export const NO_HOST = -1

/** Where a run of clusters, or of subclusters, lives: all of one kind, and where they have room in the file, one behind the other. */
export interface MappedRun {
  kind: L2Kind
  /** guest bytes from the offset asked for to the end of the run */
  length: number
  /** host offset of the byte asked for, `NO_HOST` for none; for `packed` of the stream, for a zero run or a hole of the room set aside */
  host: number
  /** may be written in place */
  exclusive: boolean
}

/** Where an L1 table lies. `l1Size` in entries. */
export interface Root {
  readonly l1Offset: number
  readonly l1Size: number
}

/** What a mapping needs besides the file to be changed. */
export interface MappingWriter {
  allocator: Allocator
  metadata: Metadata
  /** makes durable all data and counts that L2 entries may point at; called before any L2 slice is written */
  settle(): void
}

/**
 * The way from guest offsets to host offsets (section "Cluster mapping"): the L1 table, held whole, and a bounded cache of L2 slices.
 * Changes stay in memory until `writeTables` and `writeL1`, which the driver puts into order.
 */
export class Mapping {
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #root: Root
  readonly #writer: MappingWriter | undefined
  #l2: TableCache
  #l1: DataView | undefined
  readonly #dirtyL1 = new Set<number>()
  /** host offsets of the L2 tables, to be looked up; made when first asked for */
  #tables: Set<number> | undefined
  /** the words of the entry that `#read` looked at last */
  #high = 0
  #low = 0
  #zeros = 0
  #allocated = 0

  /** `root` is looked at again at each use: a header whose L1 table moves may be given as it is. Without `writer`, for reading only. */
  constructor(storage: Storage, geometry: Geometry, root: Root, writer?: MappingWriter) {
    this.#storage = storage
    this.#geometry = geometry
    this.#root = root
    this.#writer = writer
    this.#l2 = this.#cache()
  }

  /** Forgets all that was read, after tables were changed in the file itself; what was changed here must be written. */
  reload(): void {
    this.#l1 = undefined
    this.#tables = undefined
    this.#l2 = this.#cache()
  }

  #cache(): TableCache {
    return new TableCache(this.#storage, Math.min(this.#geometry.clusterSize, MAX_SLICE), CACHE_BYTES, () => {
      this.#writer?.settle()
      this.#l2.writeDirty()
    })
  }

  /** The L1 table. Loaded on first use, so that only who asks for the map pays for it. */
  get #table(): DataView {
    if (this.#l1) return this.#l1
    const bytes = new Uint8Array(this.#root.l1Size * 8)
    readPadded(this.#storage, this.#root.l1Offset, bytes)
    return (this.#l1 = viewOf(bytes))
  }

  /** The run that holds the guest byte `at`, looking at most `max` bytes ahead; a long one may go on after it. Throws `CORRUPT` for an impossible entry. */
  run(at: number, max: number): MappedRun {
    const { clusterSize, subclusterSize } = this.#geometry
    const kind = this.#read(at)
    if (kind === 'packed') {
      const entry = decodeL2(this.#high, this.#low, this.#geometry)
      const host = entry.is === 'packed' ? entry.host : NO_HOST
      return { kind, length: Math.min(max, clusterSize - (at % clusterSize)), host, exclusive: false }
    }
    const host = this.#hostAt(at)
    const exclusive = host !== NO_HOST && isExclusive(this.#high)
    let length = kind === 'hole' && !this.hasTable(at) ? this.reachEnd(at) - at : subclusterSize - (at % subclusterSize)
    for (let looked = 0; length < max && looked < LOOK_AHEAD; looked++) {
      const next = at + length
      if (kind === 'hole' && host === NO_HOST) {
        const empty = this.#emptyFrom(next)
        length += empty
        if (empty > 0) continue
      }
      if (this.#read(next) !== kind || this.#hostAt(next) !== (host === NO_HOST ? NO_HOST : host + length)) break
      if (host !== NO_HOST && isExclusive(this.#high) !== exclusive) break
      length += subclusterSize
    }
    return { kind, length: Math.min(length, max), host, exclusive }
  }

  /** Host offset of the byte `at` under the entry just read, which is not packed. */
  #hostAt(at: number): number {
    if (!hasHost(this.#high, this.#low, this.#geometry.external)) return NO_HOST
    return hostOf(this.#high, this.#low) + (at % this.#geometry.clusterSize)
  }

  /** Guest bytes from `at` on of which nothing is mapped, as far as one look tells: up to the end of a table that is not there, or of a slice. */
  #emptyFrom(at: number): number {
    const { clusterSize, l2EntryBytes } = this.#geometry
    if (at % clusterSize !== 0) return 0
    const table = this.#tableAt(at)
    if (table === 0) return this.reachEnd(at) - at
    const place = table + this.#indexOf(at) * l2EntryBytes
    const { words, at: start } = this.#l2.holding(place)
    const first = (place - start) / 4
    let word = first
    while (word < words.length && words[word] === 0) word++
    return Math.floor(((word - first) * 4) / l2EntryBytes) * clusterSize
  }

  /** The entry of the cluster that holds the guest byte `at`. */
  entry(at: number): L2Entry {
    this.#read(at)
    return decodeL2(this.#high, this.#low, this.#geometry, this.#zeros, this.#allocated)
  }

  /** Sets the entry of the cluster that holds `at`; its L2 table must have been made writable before. */
  set(at: number, entry: L2Entry): void {
    const place = this.#tableAt(at) + this.#indexOf(at) * this.#geometry.l2EntryBytes
    const slice = this.#l2.changing(place)
    putL2(slice.view, place - slice.at, entry, this.#geometry)
  }

  /** Guest offset of the first byte after the reach of the L2 table that covers `at`. */
  reachEnd(at: number): number {
    return (Math.floor(at / this.#geometry.l2Reach) + 1) * this.#geometry.l2Reach
  }

  /** Makes sure that the L2 table for `at` exists and belongs to the active state alone. */
  makeWritable(at: number): void {
    const old = this.#tableAt(at)
    const index = Math.floor(at / this.#geometry.l2Reach)
    const { clusterSize } = this.#geometry
    const { allocator, metadata } = this.#writing
    if (old !== 0 && isExclusive(this.#table.getUint32(index * 8))) return metadata.assertApart(old, clusterSize)
    const host = allocator.allocate(1)
    this.#l2.forget(host, clusterSize)
    if (old === 0) this.#storage.zeroAt(host, clusterSize)
    else {
      const table = new Uint8Array(clusterSize)
      readPadded(this.#storage, old, table)
      this.#storage.writeAt(host, table)
      allocator.free(old, clusterSize)
    }
    putL1(this.#table, index * 8, host)
    this.#tables?.delete(old)
    this.#tables?.add(host)
    this.#dirtyL1.add(Math.floor((index * 8) / L1_PIECE))
  }

  /** Takes the L2 table for `at`, which belongs to nobody's cache any more, out of the map; answers with its host offset, 0 for none. */
  dropTable(at: number): number {
    const host = this.#tableAt(at)
    if (host === 0) return 0
    const index = Math.floor(at / this.#geometry.l2Reach)
    putL1(this.#table, index * 8, 0)
    this.#l2.forget(host, this.#geometry.clusterSize)
    this.#tables?.delete(host)
    this.#dirtyL1.add(Math.floor((index * 8) / L1_PIECE))
    return host
  }

  get #writing(): MappingWriter {
    if (this.#writer) return this.#writer
    throw new StrataError('BUG', 'A map that is only read was to be changed', { path: this.#storage.path })
  }

  /** Whether there is an L2 table for `at`: without one, nothing in its reach is mapped. */
  hasTable(at: number): boolean {
    return this.#tableAt(at) !== 0
  }

  /** Whether the L2 table for `at` is there and belongs to the active state alone. */
  ownsTable(at: number): boolean {
    return this.hasTable(at) && isExclusive(this.#table.getUint32(Math.floor(at / this.#geometry.l2Reach) * 8))
  }

  /** Throws `CORRUPT` when host bytes `[at, at + length)` touch an L2 table of the active map. */
  assertNoTable(at: number, length: number): void {
    const { clusterSize } = this.#geometry
    this.#tables ??= this.#listTables()
    for (let start = at - (at % clusterSize); start < at + length; start += clusterSize)
      if (this.#tables.has(start)) throw writtenOver(this.#storage.path, 'an L2 table', start)
  }

  #listTables(): Set<number> {
    const tables = new Set<number>()
    for (let at = 0; at < this.#table.byteLength; at += 8) tables.add(hostOf(this.#table.getUint32(at), this.#table.getUint32(at + 4)))
    tables.delete(0)
    return tables
  }

  get hasDirtyTables(): boolean {
    return this.#l2.hasDirty
  }

  get hasDirtyL1(): boolean {
    return this.#dirtyL1.size > 0
  }

  writeTables(): void {
    this.#l2.writeDirty()
  }

  writeL1(): void {
    const bytes = new Uint8Array(this.#table.buffer)
    for (const piece of [...this.#dirtyL1].sort((a, b) => a - b))
      this.#storage.writeAt(this.#root.l1Offset + piece * L1_PIECE, bytes.subarray(piece * L1_PIECE, (piece + 1) * L1_PIECE))
    this.#dirtyL1.clear()
  }

  /** The bytes of the L1 table with room for `entries`, for writing it to a new place. */
  grownL1(entries: number): Uint8Array {
    const bytes = new Uint8Array(entries * 8)
    bytes.set(new Uint8Array(this.#table.buffer))
    return bytes
  }

  /** Goes on with a table that has been written to its new place, which the header names already. */
  adoptL1(bytes: Uint8Array): void {
    this.#l1 = viewOf(bytes)
    this.#dirtyL1.clear()
  }

  #indexOf(at: number): number {
    return Math.floor(at / this.#geometry.clusterSize) % this.#geometry.l2Entries
  }

  /** Host offset of the L2 table for `at`, 0 for none; checked. */
  #tableAt(at: number): number {
    const index = Math.floor(at / this.#geometry.l2Reach)
    const high = this.#table.getUint32(index * 8)
    const low = this.#table.getUint32(index * 8 + 4)
    if ((high | low) === 0) return 0
    const host = hostOf(high, low)
    const fault =
      l1Fault(high, low, this.#geometry) ?? (host >= this.#storage.size ? 'the L2 table lies past the end of the file' : undefined)
    if (fault !== undefined) throw this.#corrupt(fault, this.#root.l1Offset + index * 8, `l1[${index}]`)
    return host
  }

  /** Reads the entry for `at` into the words kept for it, checks it, and answers with the kind of the subcluster that holds `at`. */
  #read(at: number): L2Kind {
    const { l2EntryBytes, extendedL2, external, clusterSize, subclusterSize } = this.#geometry
    const table = this.#tableAt(at)
    if (table === 0) {
      this.#high = this.#low = this.#zeros = this.#allocated = 0
      return 'hole'
    }
    const place = table + this.#indexOf(at) * l2EntryBytes
    const slice = this.#l2.holding(place)
    const high = (this.#high = slice.view.getUint32(place - slice.at))
    const low = (this.#low = slice.view.getUint32(place - slice.at + 4))
    if (extendedL2) {
      this.#zeros = slice.view.getUint32(place - slice.at + 8)
      this.#allocated = slice.view.getUint32(place - slice.at + 12)
    }
    const kind = extendedL2
      ? subclusterKindOf(high, this.#zeros, this.#allocated, Math.floor((at % clusterSize) / subclusterSize))
      : kindOf(high, low, external)
    const fault = l2Fault(high, low, this.#geometry, this.#zeros, this.#allocated) ?? this.#pastEnd(kind)
    if (fault !== undefined) throw this.#corrupt(fault, place, `l2[${this.#indexOf(at)}]`)
    return kind
  }

  #pastEnd(kind: L2Kind): string | undefined {
    if (kind !== 'data' || this.#geometry.external) return undefined
    return hostOf(this.#high, this.#low) >= this.#storage.size ? 'the data lies past the end of the file' : undefined
  }

  #corrupt(fault: string, offset: number, field: string): StrataError {
    return new StrataError(
      'CORRUPT',
      `An entry of the cluster map is impossible: ${fault}`,
      { path: this.#storage.path, offset, field },
      'Run Check on this image; it may have been cut short by a copy.',
    )
  }
}
