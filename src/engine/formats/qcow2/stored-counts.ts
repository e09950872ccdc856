import { getU64 } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { type Counters, countersOf } from './counters.ts'
import { type Examined, read } from './examined.ts'
import { CHUNK, MARK, type ReferenceTally } from './reference-tally.ts'
import { TableCache } from './tables.ts'

const CACHE_BYTES = 4 * 2 ** 20
const MAX_SLICE = 65536

/** What an entry of the refcount table says. */
export type Block =
  | { is: 'absent' }
  /** `at` is a host offset in bytes, on a cluster border and inside the file */
  | { is: 'present'; at: number }
  /** past the end of the file: all its counts read as zero */
  | { is: 'outside' }
  /** `readable` where only its reserved bits are wrong */
  | { is: 'impossible'; why: string; readable: number | undefined }

/** The reference counts as the file has them, read without trusting the table that leads to them. */
export class StoredCounts {
  readonly counters: Counters
  /** entries of the refcount table */
  readonly blocks: number
  readonly #image: Examined
  readonly #table: DataView
  readonly #cache: TableCache
  readonly #stored: Float64Array
  readonly #found = new Uint32Array(CHUNK)
  readonly #marks = new Uint8Array(CHUNK)

  constructor(image: Examined) {
    const { header, geometry, storage } = image
    this.#image = image
    this.counters = countersOf(geometry.refcountBits)
    this.#stored = new Float64Array(Math.min(CHUNK, geometry.blockEntries))
    this.#table = read(storage, header.refcountTableOffset, header.refcountTableClusters * geometry.clusterSize)
    this.blocks = this.#table.byteLength / 8
    this.#cache = new TableCache(storage, Math.min(geometry.clusterSize, MAX_SLICE), CACHE_BYTES, () => this.write())
  }

  block(index: number): Block {
    // A repair lays things down behind the end: what lay past it when it was examined goes on being nowhere.
    const { geometry, fileSize } = this.#image
    const reserved = (this.#table.getUint32(index * 8 + 4) & 511) !== 0
    const at = getU64(this.#table, index * 8) - (this.#table.getUint32(index * 8 + 4) & 511)
    if (at === 0 && !reserved) return { is: 'absent' }
    if (at % geometry.clusterSize !== 0) return { is: 'impossible', why: 'is not on a cluster boundary', readable: undefined }
    if (reserved) return { is: 'impossible', why: 'has reserved bits set', readable: at < fileSize ? at : 0 }
    return at < fileSize ? { is: 'present', at } : { is: 'outside' }
  }

  /** Where the block that counts a cluster lies, 0 where there is none, undefined where it can't be read. */
  #blockOf(cluster: number): number | undefined {
    const index = Math.floor(cluster / this.#image.geometry.blockEntries)
    if (index >= this.blocks) return 0
    const block = this.block(index)
    if (block.is === 'present') return block.at
    return block.is === 'impossible' ? block.readable : 0
  }

  /** Whether there is a block that counts a cluster. */
  has(cluster: number): boolean {
    return (this.#blockOf(cluster) ?? 0) > 0
  }

  /** Whether the cluster at host offset `at` holds a part of the table or a block. */
  holds(at: number): boolean {
    const { refcountTableOffset } = this.#image.header
    if (at >= refcountTableOffset && at < refcountTableOffset + this.#table.byteLength) return true
    for (let i = 0; i < this.blocks; i++) {
      const block = this.block(i)
      if (block.is === 'present' && block.at === at) return true
    }
    return false
  }

  /** The stored count of a cluster; undefined where its block can't be read. */
  get(cluster: number): number | undefined {
    const block = this.#blockOf(cluster)
    if (block === undefined || block === 0) return block
    const { byte, index } = this.#counterAt(block, cluster)
    return this.counters.get(this.#cache.holding(byte).view, index)
  }

  /** Changes a stored count in memory; false where there is no block that it could stand in. */
  set(cluster: number, count: number): boolean {
    const block = this.#blockOf(cluster)
    if (block === undefined || block === 0 || count > this.counters.max) return false
    const { byte, index } = this.#counterAt(block, cluster)
    this.counters.set(this.#cache.changing(byte).view, index, count)
    return true
  }

  /** Writes what `set` changed. */
  write(): void {
    this.#cache.writeDirty()
  }

  /** The slice of a block that holds a cluster's counter, as a byte in the file, and the counter's index in that slice. */
  #counterAt(block: number, cluster: number): { byte: number; index: number } {
    const { blockEntries, clusterSize } = this.#image.geometry
    const { sliceSize } = this.#cache
    const inBlock = cluster % blockEntries
    const perSlice = (sliceSize / clusterSize) * blockEntries
    return { byte: block + Math.floor(inBlock / perSlice) * sliceSize, index: inBlock % perSlice }
  }

  /**
   * Compares the stored counts of the clusters up to `end` with what the tally has, and bit 63 with the stored counts. Answers with the
   * highest cluster that is counted or referred to, 0 for none.
   */
  compare(tally: ReferenceTally, visitor: CountVisitor, end: number, job: Job): number {
    const { blockEntries, clusterSize } = this.#image.geometry
    let highest = 0
    for (let first = 0; first < end;) {
      job.checkpoint()
      job.report({ phase: 'Comparing reference counts', done: first, total: end })
      const block = this.#blockOf(first)
      const blockEnd = Math.min(end, (Math.floor(first / blockEntries) + 1) * blockEntries)
      const view = block ? read(this.#image.storage, block, clusterSize) : undefined
      if (block === undefined) for (let cluster = first; cluster < blockEnd; cluster++) visitor.unreadable(cluster)
      else
        for (let from = first; from < blockEnd; from += CHUNK) {
          if (!view) from = tally.next(from, blockEnd)
          if (from >= blockEnd) break
          if (view && blockEnd - from >= CHUNK && tally.isOwned(from) && this.counters.areOne(view, from % blockEntries, CHUNK)) {
            highest = from + CHUNK - 1
            continue
          }
          if (view) this.counters.read(view, from % blockEntries, this.#stored)
          else this.#stored.fill(0)
          highest = Math.max(highest, this.#compareStretch(from, Math.min(CHUNK, blockEnd - from), tally, visitor))
        }
      first = view || block === undefined ? blockEnd : Math.max(blockEnd, this.#nextUsed(blockEnd, end, tally))
    }
    job.report({ phase: 'Comparing reference counts', done: end, total: end })
    return highest
  }

  #compareStretch(from: number, length: number, tally: ReferenceTally, visitor: CountVisitor): number {
    const stored = this.#stored
    const found = this.#found
    const marks = this.#marks
    tally.read(from, length, found, marks)
    let highest = 0
    for (let i = 0; i < length; i++) {
      const count = stored[i]!
      const references = found[i]!
      if (count === 0 && references === 0) continue
      highest = from + i
      const wrongFlag = (marks[i]! & (count === 1 ? MARK.shared : MARK.exclusive)) !== 0
      if (wrongFlag) visitor.flagged?.()
      if (count !== references) visitor.differs(from + i, count, references)
    }
    return highest
  }

  /** The first cluster from `from` on that a block counts or that is referred to. */
  #nextUsed(from: number, end: number, tally: ReferenceTally): number {
    const { blockEntries } = this.#image.geometry
    const referred = tally.next(from, end)
    for (let index = Math.floor(from / blockEntries); index < this.blocks && index * blockEntries < referred; index++)
      if (this.block(index).is !== 'absent') return index * blockEntries
    return referred
  }
}

/** Hears of clusters in order. */
export interface CountVisitor {
  differs(cluster: number, stored: number, found: number): void
  /** the block of a cluster can't be read */
  unreadable(cluster: number): void
  /** bit 63 of an entry is wrong */
  flagged?(): void
}

/** Clusters that a comparison has to look at: those of the file, and what references reach into past its end. */
export function clustersToCompare({ clusters }: Examined, tally: ReferenceTally): number {
  return Math.max(clusters, tally.end)
}
