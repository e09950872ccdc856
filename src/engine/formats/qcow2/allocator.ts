import { StrataError } from '../../../shared/errors.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Storage } from '../../io/storage.ts'
import type { DiscardCause } from '../driver.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import { LIMITS } from './layout.ts'
import type { Refcounts } from './refcounts.ts'

/** A run of host clusters: `at` is a host offset in bytes, `count` is in clusters. */
export interface Run {
  at: number
  count: number
}

/** A crash may leave some clusters past the end of the file counted; more than these are a lie that would be searched for hours. */
const COUNTED_PAST_END = 2 ** 20

/**
 * Hands out free host clusters, counting them at once, and takes clusters back only after nothing on disk points at them any more:
 * `free` remembers, `applyFrees` lowers the counts, and the caller puts a flush of the pointers between the two.
 */
export class Allocator {
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #header: Header
  readonly #refcounts: Refcounts
  readonly #assertUnused: (at: number, length: number) => void
  /** no cluster before this one is free */
  #hint = 0
  /** clusters to be given back, by why */
  readonly #frees: Record<DiscardCause, number[]> = { request: [], snapshot: [], other: [] }
  readonly #punch: ReadonlySet<DiscardCause>

  /** `punch`: whose clusters become holes of the file when nobody uses them any more. `assertUnused` throws for host bytes that are in use whatever their count says: a damaged image must not be damaged further. */
  constructor(
    storage: Storage,
    geometry: Geometry,
    header: Header,
    refcounts: Refcounts,
    assertUnused: (at: number, length: number) => void,
    punch: ReadonlySet<DiscardCause>,
  ) {
    this.#storage = storage
    this.#geometry = geometry
    this.#header = header
    this.#refcounts = refcounts
    this.#assertUnused = assertUnused
    this.#punch = punch
  }

  /** Exactly `count` clusters in one run; answers with its host offset. */
  allocate(count: number): number {
    return this.allocateUpTo(count, count).at
  }

  /** The first free run of `least` to `most` clusters. */
  allocateUpTo(most: number, least = 1): Run {
    let run = this.#findRun(most, least)
    let covered = this.#coveredPart(run)
    if (covered < least) {
      this.#makeBlocks(least)
      run = this.#findRun(most, least)
      covered = this.#coveredPart(run)
    }
    const count = Math.min(run.count, covered)
    for (let i = 0; i < count; i++) this.#refcounts.add(run.first + i, 1)
    if (run.first === this.#hint) this.#hint += count
    return { at: run.first * this.#geometry.clusterSize, count }
  }

  /** Counts one more user of the cluster that holds the byte at host offset `at`; false where its counter is full. */
  share(at: number): boolean {
    const cluster = Math.floor(at / this.#geometry.clusterSize)
    if (this.#refcounts.get(cluster) >= this.#refcounts.counters.max) return false
    this.#refcounts.add(cluster, 1)
    return true
  }

  /** Remembers that one user of each cluster of `[at, at + length)` is gone; `length` in bytes. */
  free(at: number, length: number, cause: DiscardCause = 'other'): void {
    const first = Math.floor(at / this.#geometry.clusterSize)
    const end = ceilDiv(at + length, this.#geometry.clusterSize)
    for (let cluster = first; cluster < end; cluster++) this.#frees[cause].push(cluster)
  }

  /** How many clusters wait for `applyFrees`. */
  get freeCount(): number {
    return this.#frees.request.length + this.#frees.snapshot.length + this.#frees.other.length
  }

  /**
   * Lowers the counts of what was freed. Only after the pointers' removal is on stable storage. What nobody uses any more becomes a hole here
   * and now: later it may be somebody else's.
   */
  applyFrees(): void {
    for (const cause of ['other', 'snapshot', 'request'] as const) {
      const unused: number[] = []
      for (const cluster of this.#frees[cause]) {
        if (this.#refcounts.add(cluster, -1) > 0) continue
        this.#hint = Math.min(this.#hint, cluster)
        if (this.#punch.has(cause)) unused.push(cluster)
      }
      this.#frees[cause] = []
      this.#punchHoles(unused)
    }
  }

  /** Lowers the counts of `count` clusters from `first` on at once: nothing on stable storage points there any more on this account. */
  lower(first: number, count: number, cause: DiscardCause): void {
    const unused: number[] = []
    this.#refcounts.addRange(first, count, -1, (cluster) => {
      this.#hint = Math.min(this.#hint, cluster)
      if (this.#punch.has(cause)) unused.push(cluster)
    })
    this.#punchHoles(unused)
  }

  #punchHoles(clusters: number[]): void {
    const { clusterSize } = this.#geometry
    clusters.sort((a, b) => a - b)
    for (let i = 0; i < clusters.length;) {
      let count = 1
      while (clusters[i + count] === clusters[i]! + count) count++
      const at = clusters[i]! * clusterSize
      const length = Math.min(count * clusterSize, this.#storage.size - at)
      if (length > 0) this.#storage.zeroAt(at, length)
      i += count
    }
  }

  /** The first run of at least `least` free clusters, cut off at `most`; it may lie past the end of the file. */
  #findRun(most: number, least: number): { first: number; count: number } {
    const { clusterSize } = this.#geometry
    const sane = Math.ceil(this.#storage.size / clusterSize) + COUNTED_PAST_END
    while (this.#hint <= sane && this.#refcounts.get(this.#hint) !== 0) this.#hint++
    for (let first = this.#hint; first <= sane;) {
      let count = 1
      while (count < most && this.#refcounts.get(first + count) === 0) count++
      if (count >= least) {
        this.#assertUnused(first * clusterSize, count * clusterSize)
        return { first, count }
      }
      first += count
      while (first <= sane && this.#refcounts.get(first) !== 0) first++
    }
    throw new StrataError(
      'CORRUPT',
      'The reference counts claim clusters far past the end of the file',
      { path: this.#storage.path, offset: sane * clusterSize, field: 'reference counts' },
      'Run Check on this image.',
    )
  }

  /** How many clusters from the start of a run have counters. */
  #coveredPart(run: { first: number; count: number }): number {
    let covered = 0
    while (covered < run.count && this.#refcounts.has(run.first + covered)) covered++
    return covered
  }

  /**
   * Makes the refcount blocks, and where needed the larger refcount table, that let the next run of `least` clusters be counted. They go
   * right behind that run, and the blocks count themselves.
   */
  #makeBlocks(least: number): void {
    const { clusterSize, blockEntries } = this.#geometry
    for (let extra = 1; ;) {
      const { first } = this.#findRun(least + extra, least + extra)
      const lastBlock = this.#refcounts.blockIndex(first + least + extra - 1)
      const absent: number[] = []
      for (let index = this.#refcounts.blockIndex(first); index <= lastBlock; index++)
        if (!this.#refcounts.has(index * blockEntries)) absent.push(index)
      const tableClusters = lastBlock < this.#refcounts.table.length ? 0 : this.#grownTable(lastBlock + 1)
      if (absent.length + tableClusters > extra) {
        extra = absent.length + tableClusters
        continue
      }
      const start = first + least
      const blocks = absent.map((index, i) => ({ index, at: (start + i) * clusterSize }))
      const used = { first: start, count: absent.length + tableClusters }
      if (tableClusters === 0) return this.#refcounts.addBlocks(blocks, used)
      const old = { at: this.#header.refcountTableOffset, length: this.#header.refcountTableClusters * clusterSize }
      this.#refcounts.addBlocks(blocks, used, { at: (start + absent.length) * clusterSize, clusters: tableClusters })
      return this.free(old.at, old.length)
    }
  }

  /** Clusters of a table for at least `entries` blocks, half as large again, so that growing is rare. */
  #grownTable(entries: number): number {
    const { clusterSize } = this.#geometry
    const needed = ceilDiv(entries * 8, clusterSize)
    const limit = Math.floor(LIMITS.refcountTableBytes / clusterSize)
    if (needed > limit)
      throw new StrataError(
        'NO_SPACE',
        'The image has reached the largest size that its clusters can count',
        { path: this.#storage.path, field: 'refcount table' },
        'Convert it to an image with larger clusters.',
      )
    return Math.min(limit, Math.max(needed, ceilDiv(this.#header.refcountTableClusters * 3, 2)))
  }
}
