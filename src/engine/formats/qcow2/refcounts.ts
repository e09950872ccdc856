import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { getU64, putU64 } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { type Counters, countersOf } from './counters.ts'
import type { Geometry } from './geometry.ts'
import { type Header, writeRefcountTableFields } from './header.ts'
import { TableCache } from './tables.ts'

const CACHE_BYTES = 4 * 2 ** 20
const MAX_SLICE = 65536

/**
 * The reference counts of host clusters (section "Host cluster management"): a table of blocks, a block per cluster of counters.
 * Counts change in memory and reach the file with `writeDirty`; the caller orders that against everything else.
 */
export class Refcounts {
  #counters: Counters
  /** whether it is unknown which table the header names, because the write that was to say so failed */
  inDoubt = false
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #header: Header
  #blocks: TableCache
  /** host offset of each block, 0 for none; loaded on first use, so that a reader never pays for it */
  #loaded: Float64Array | undefined
  /** host offsets of the blocks once more, to be looked up; made when first asked for */
  #places: Set<number> | undefined

  constructor(storage: Storage, geometry: Geometry, header: Header) {
    this.#storage = storage
    this.#geometry = geometry
    this.#header = header
    this.#counters = countersOf(geometry.refcountBits)
    this.#blocks = this.#cache()
  }

  /** Forgets all that was read, after the header and the geometry name other counts; what was changed must be written. */
  reload(): void {
    this.#counters = countersOf(this.#geometry.refcountBits)
    this.#blocks = this.#cache()
    this.#loaded = undefined
    this.#places = undefined
  }

  #cache(): TableCache {
    return new TableCache(this.#storage, Math.min(this.#geometry.clusterSize, MAX_SLICE), CACHE_BYTES, () => this.writeDirty())
  }

  get counters(): Counters {
    return this.#counters
  }

  /** Host offsets of the blocks, 0 where a block is absent. */
  get table(): Float64Array {
    return (this.#loaded ??= this.#readTable())
  }

  #readTable(): Float64Array {
    const bytes = new Uint8Array(this.#header.refcountTableClusters * this.#geometry.clusterSize)
    readPadded(this.#storage, this.#header.refcountTableOffset, bytes)
    const view = viewOf(bytes)
    const table = new Float64Array(bytes.length / 8)
    for (let i = 0; i < table.length; i++) table[i] = getU64(view, i * 8)
    return table
  }

  /** Whether a block lies at host offset `at`. */
  isBlock(at: number): boolean {
    return (this.#places ??= new Set(this.table)).has(at) && at !== 0
  }

  /** Whether the counter of `cluster` has a block to stand in. */
  has(cluster: number): boolean {
    return this.blockIndex(cluster) < this.table.length && this.table[this.blockIndex(cluster)] !== 0
  }

  /** The first cluster from `cluster` on whose counter has a block to stand in, at most `end`: a file can be far longer than what is counted. */
  nextCounted(cluster: number, end: number): number {
    let index = this.blockIndex(cluster)
    while (index < this.table.length && this.table[index] === 0) index++
    if (index >= this.table.length) return end
    return Math.min(end, Math.max(cluster, index * this.#geometry.blockEntries))
  }

  blockIndex(cluster: number): number {
    return Math.floor(cluster / this.#geometry.blockEntries)
  }

  /** The count of a host cluster; 0 where no block holds it. Throws `CORRUPT` for an impossible block offset. */
  get(cluster: number): number {
    if (!this.has(cluster)) return 0
    const at = this.#counterAt(cluster)
    const slice = this.#blocks.holding(at.byte)
    return this.counters.get(slice.view, at.index)
  }

  /** Adds `delta` to the count of a cluster that has a block, and answers with the new count. Throws `CORRUPT` below zero. */
  add(cluster: number, delta: number): number {
    const at = this.#counterAt(cluster)
    const slice = this.#blocks.changing(at.byte)
    const count = this.counters.get(slice.view, at.index) + delta
    if (count < 0 || count > this.counters.max) throw this.#impossible(cluster, count)
    this.counters.set(slice.view, at.index, count)
    return count
  }

  /**
   * Adds `delta` to the counts of `count` clusters from `first` on, which have blocks. `zeroed` hears of each that nobody uses any more. Throws
   * as `add`; what came before the cluster at fault is then changed.
   */
  addRange(first: number, count: number, delta: number, zeroed?: (cluster: number) => void): void {
    const { clusterSize, blockEntries } = this.#geometry
    const perSlice = (this.#blocks.sliceSize / clusterSize) * blockEntries
    const { max } = this.counters
    for (let cluster = first; cluster < first + count;) {
      const { byte, index } = this.#counterAt(cluster)
      const { view } = this.#blocks.changing(byte)
      const there = Math.min(first + count - cluster, perSlice - index)
      for (let i = 0; i < there; i++) {
        const value = this.counters.get(view, index + i) + delta
        if (value < 0 || value > max) throw this.#impossible(cluster + i, value)
        this.counters.set(view, index + i, value)
        if (value === 0) zeroed?.(cluster + i)
      }
      cluster += there
    }
  }

  /** The greatest count of `count` clusters from `first` on, which have blocks. */
  greatest(first: number, count: number): number {
    const { clusterSize, blockEntries } = this.#geometry
    const perSlice = (this.#blocks.sliceSize / clusterSize) * blockEntries
    let greatest = 0
    for (let cluster = first; cluster < first + count;) {
      const { byte, index } = this.#counterAt(cluster)
      const { view } = this.#blocks.holding(byte)
      const there = Math.min(first + count - cluster, perSlice - index)
      for (let i = 0; i < there; i++) greatest = Math.max(greatest, this.counters.get(view, index + i))
      cluster += there
    }
    return greatest
  }

  #impossible(cluster: number, count: number): StrataError {
    return new StrataError(
      'CORRUPT',
      `The reference count of a cluster would become ${count}`,
      { path: this.#storage.path, offset: cluster * this.#geometry.clusterSize, field: 'reference count' },
      'Run Check on this image.',
    )
  }

  /** The slice of its block that holds a cluster's counter, as a byte in the file, and the counter's index in that slice. */
  #counterAt(cluster: number): { byte: number; index: number } {
    const { blockEntries, clusterSize } = this.#geometry
    const block = this.blockOffset(this.blockIndex(cluster))
    const inBlock = cluster % blockEntries
    const perSlice = (this.#blocks.sliceSize / clusterSize) * blockEntries
    return { byte: block + Math.floor(inBlock / perSlice) * this.#blocks.sliceSize, index: inBlock % perSlice }
  }

  /** Host offset of a block that is present, checked. */
  blockOffset(index: number): number {
    const at = this.table[index] ?? 0
    if (at === 0 || !Number.isSafeInteger(at) || at % this.#geometry.clusterSize !== 0 || at >= this.#storage.size)
      throw new StrataError(
        'CORRUPT',
        at === 0 ? 'A cluster that is in use has no reference count' : 'A reference count block lies at an impossible place',
        { path: this.#storage.path, offset: this.#header.refcountTableOffset + index * 8, field: `refcount table[${index}]` },
        'Run Check on this image.',
      )
    return at
  }

  writeDirty(): void {
    this.#blocks.writeDirty()
  }

  /**
   * Adds blocks, whose clusters the caller has chosen among free ones: writes them with `used` clusters counted once, and only when they
   * are down, the table entries that point at them. `newTable` moves the table to a larger place, in one write of the header.
   */
  addBlocks(
    blocks: { index: number; at: number }[],
    used: { first: number; count: number },
    newTable?: { at: number; clusters: number },
  ): void {
    const { clusterSize, blockEntries } = this.#geometry
    for (let cluster = used.first; cluster < used.first + used.count; cluster++) if (this.has(cluster)) this.add(cluster, 1)
    this.writeDirty()
    for (const { index, at } of blocks) {
      const bytes = new Uint8Array(clusterSize)
      const view = viewOf(bytes)
      const end = Math.min(used.first + used.count, (index + 1) * blockEntries)
      for (let cluster = Math.max(used.first, index * blockEntries); cluster < end; cluster++)
        this.counters.set(view, cluster - index * blockEntries, 1)
      this.#blocks.forget(at, clusterSize)
      this.#storage.writeAt(at, bytes)
    }
    this.#storage.flush()
    for (const { at } of blocks) this.#places?.add(at)
    if (newTable) this.#moveTable(blocks, newTable)
    else for (const { index, at } of blocks) this.#writeEntry(index, at)
  }

  #writeEntry(index: number, at: number): void {
    const entry = new Uint8Array(8)
    putU64(viewOf(entry), 0, at)
    this.#storage.writeAt(this.#header.refcountTableOffset + index * 8, entry)
    this.table[index] = at
  }

  #moveTable(blocks: { index: number; at: number }[], place: { at: number; clusters: number }): void {
    const table = new Float64Array((place.clusters * this.#geometry.clusterSize) / 8)
    table.set(this.table)
    for (const { index, at } of blocks) table[index] = at
    const bytes = new Uint8Array(table.length * 8)
    const view = viewOf(bytes)
    table.forEach((at, i) => putU64(view, i * 8, at))
    this.#storage.writeAt(place.at, bytes)
    this.#storage.flush()
    this.inDoubt = true
    this.#header.refcountTableOffset = place.at
    this.#header.refcountTableClusters = place.clusters
    writeRefcountTableFields(this.#storage, this.#header)
    this.#storage.flush()
    this.inDoubt = false
    this.#loaded = table
  }
}
