import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { Allocator } from './allocator.ts'
import { decodeL2, hostOf, isExclusive, kindOf, l1Fault, type L2Entry, l2Fault, putL1, putL2 } from './entry.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import { type Metadata, writtenOver } from './metadata.ts'
import { TableCache } from './tables.ts'

const CACHE_BYTES = 16 * 2 ** 20
const MAX_SLICE = 65536
/** The L1 table is written back in pieces of this many bytes. */
const L1_PIECE = 512
/** Entries that one question for a run looks at. A caller that walks a disk asks again anyway; one that reads a piece of it must not pay for all. */
const LOOK_AHEAD = 1024

/** Where a run of clusters lives: all of one kind, and for data one behind the other in the file. */
export interface MappedRun {
  kind: 'hole' | 'zero' | 'data' | 'packed'
  /** guest bytes from the offset asked for to the end of the run */
  length: number
  /** host offset of the byte asked for; for `packed` of the stream, for a zero run of its set-aside room, 0 where there is none */
  host: number
  /** may be written in place */
  exclusive: boolean
}

/**
 * The way from guest offsets to host offsets (section "Cluster mapping"): the L1 table, held whole, and a bounded cache of L2 slices.
 * Changes stay in memory until `writeTables` and `writeL1`, which the driver puts into order.
 */
export class Mapping {
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #header: Header
  readonly #allocator: Allocator
  readonly #metadata: Metadata
  readonly #l2: TableCache
  #l1: DataView | undefined
  readonly #dirtyL1 = new Set<number>()
  /** host offsets of the L2 tables, to be looked up; made when first asked for */
  #tables: Set<number> | undefined
  /** the words of the entry that `#read` looked at last */
  #high = 0
  #low = 0

  /** `settleRefcounts` makes durable all data and counts that L2 entries may point at; called before any L2 slice is written. */
  constructor(storage: Storage, geometry: Geometry, header: Header, allocator: Allocator, metadata: Metadata, settleRefcounts: () => void) {
    this.#storage = storage
    this.#geometry = geometry
    this.#header = header
    this.#allocator = allocator
    this.#metadata = metadata
    this.#l2 = new TableCache(storage, Math.min(geometry.clusterSize, MAX_SLICE), CACHE_BYTES, () => {
      settleRefcounts()
      this.#l2.writeDirty()
    })
  }

  /** The L1 table. Loaded on first use, so that only who asks for the map pays for it. */
  get #table(): DataView {
    if (this.#l1) return this.#l1
    const bytes = new Uint8Array(this.#header.l1Size * 8)
    readPadded(this.#storage, this.#header.l1Offset, bytes)
    return (this.#l1 = viewOf(bytes))
  }

  /** The run that holds the guest byte `at`, looking at most `max` bytes ahead; a long one may go on after it. Throws `CORRUPT` for an impossible entry. */
  run(at: number, max: number): MappedRun {
    const { clusterSize } = this.#geometry
    const inCluster = at % clusterSize
    const kind = this.#read(at)
    const entry = decodeL2(this.#high, this.#low, this.#geometry)
    if (entry.is === 'packed') return { kind, length: Math.min(max, clusterSize - inCluster), host: entry.host, exclusive: false }
    const base = entry.is === 'hole' ? 0 : (entry.host ?? 0)
    const exclusive = entry.is !== 'hole' && entry.exclusive
    let length = kind === 'hole' && !this.hasTable(at) ? this.reachEnd(at) - at : clusterSize - inCluster
    for (let looked = 0; length < max && looked < LOOK_AHEAD; looked++) {
      const next = at + length
      if (kind === 'hole' && !this.hasTable(next)) {
        length = this.reachEnd(next) - at
        continue
      }
      if (this.#read(next) !== kind) break
      if (kind !== 'hole') {
        const host = hostOf(this.#high, this.#low)
        if (isExclusive(this.#high) !== exclusive || (base === 0 ? host !== 0 : host !== base + inCluster + length)) break
      }
      length += clusterSize
    }
    return { kind, length: Math.min(length, max), host: base === 0 ? 0 : base + inCluster, exclusive }
  }

  /** The entry of the cluster that holds the guest byte `at`. */
  entry(at: number): L2Entry {
    this.#read(at)
    return decodeL2(this.#high, this.#low, this.#geometry)
  }

  /** Sets the entry of the cluster that holds `at`; its L2 table must have been made writable before. */
  set(at: number, entry: L2Entry): void {
    const place = this.#tableAt(at) + this.#indexOf(at) * 8
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
    if (old !== 0 && isExclusive(this.#table.getUint32(index * 8))) return this.#metadata.assertApart(old, clusterSize)
    const host = this.#allocator.allocate(1)
    this.#l2.forget(host, clusterSize)
    if (old === 0) this.#storage.zeroAt(host, clusterSize)
    else {
      const table = new Uint8Array(clusterSize)
      readPadded(this.#storage, old, table)
      this.#storage.writeAt(host, table)
      this.#allocator.free(old, clusterSize)
    }
    putL1(this.#table, index * 8, host)
    this.#tables?.delete(old)
    this.#tables?.add(host)
    this.#dirtyL1.add(Math.floor((index * 8) / L1_PIECE))
  }

  /** Whether there is an L2 table for `at`: without one, nothing in its reach is mapped. */
  hasTable(at: number): boolean {
    return this.#tableAt(at) !== 0
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
      this.#storage.writeAt(this.#header.l1Offset + piece * L1_PIECE, bytes.subarray(piece * L1_PIECE, (piece + 1) * L1_PIECE))
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
    if (fault !== undefined) throw this.#corrupt(fault, this.#header.l1Offset + index * 8, `l1[${index}]`)
    return host
  }

  /** Reads the entry for `at` into `#high` and `#low`, checks it, and answers with its kind. */
  #read(at: number): MappedRun['kind'] {
    const table = this.#tableAt(at)
    if (table === 0) {
      this.#high = this.#low = 0
      return 'hole'
    }
    const place = table + this.#indexOf(at) * 8
    const slice = this.#l2.holding(place)
    this.#high = slice.view.getUint32(place - slice.at)
    this.#low = slice.view.getUint32(place - slice.at + 4)
    const kind = kindOf(this.#high, this.#low)
    const fault = l2Fault(this.#high, this.#low, this.#geometry) ?? this.#pastEnd(kind)
    if (fault !== undefined) throw this.#corrupt(fault, place, `l2[${this.#indexOf(at)}]`)
    return kind
  }

  #pastEnd(kind: MappedRun['kind']): string | undefined {
    return kind === 'data' && hostOf(this.#high, this.#low) >= this.#storage.size ? 'the data lies past the end of the file' : undefined
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
