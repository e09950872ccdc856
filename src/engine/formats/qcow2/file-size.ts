import { alignUp, ceilDiv } from '../../base/ints.ts'
import type { Sizing } from '../driver.ts'
import type { CreateOptions } from '../options.ts'
import { luksLength, shapeFor } from './create.ts'
import { type Geometry, geometryOf, l1EntriesFor } from './geometry.ts'

/** How long the file of a new image gets. */
export function sizing(size: number, options: CreateOptions): Sizing {
  const geometry = geometryOf(shapeFor(options))
  const { clusterSize, subclusterSize, external, l2Reach } = geometry
  const luks = ceilDiv(luksLength(options), clusterSize)
  const l1Entries = l1EntriesFor(geometry, size)
  const all = ceilDiv(size, clusterSize)
  const full = foretold(geometry, size) + luks * clusterSize
  // What has all of its room, or all of its map, from the start.
  const preallocated = options.preallocation !== 'off' || options.dataFileRaw

  const fileSize = (units: number, reaches: number, tail = clusterSize): number => {
    const growth = new Growth(geometry)
    growth.allocate(luks)
    growth.allocate(ceilDiv(l1Entries * 8, clusterSize))
    const data = preallocated ? all : units
    growth.allocateOneByOne((preallocated ? l1Entries : reaches) + (external ? 0 : data))
    const written = preallocated ? size - (all - 1) * clusterSize : tail
    const cut = !external && data > 0 && growth.endsAsAllocated ? clusterSize - alignUp(written, subclusterSize) : 0
    return growth.clusters * clusterSize - cut
  }
  return {
    ...(!preallocated && { maps: { unit: clusterSize, reach: l2Reach } }),
    fileSize,
    full,
    foretold: (data) =>
      options.preallocation === 'falloc' || options.preallocation === 'full'
        ? full
        : full - all * clusterSize + ceilDiv(data, clusterSize) * clusterSize,
    ...(external && { dataFile: size }),
  }
}

/** Bytes of an image whose guest has written everywhere, with the least of tables, as QEMU counts them. */
function foretold({ clusterSize, l2Entries, l2EntryBytes, refcountBits }: Geometry, size: number): number {
  const data = ceilDiv(size, clusterSize)
  const l2 = (alignUp(data, l2Entries) * l2EntryBytes) / clusterSize
  const l1 = ceilDiv(l2 * 8, clusterSize)
  const counted = 1 + l2 + l1 + data
  const perBlock = (clusterSize * 8) / refcountBits
  let [blocks, table, before] = [0, 0, -1]
  for (let now = 0; now !== before; now = counted + blocks + table) {
    before = now
    blocks = ceilDiv(counted + blocks + table, perBlock)
    table = ceilDiv(blocks * 8, clusterSize)
  }
  return (counted + blocks + table) * clusterSize
}

/** A new file as the allocator fills it: from the front, with refcount blocks where one is full, and now and then a larger table. */
class Growth {
  clusters = 3 // header, refcount table, first block
  /** whether what was asked for last lies at the end, with no block behind it */
  endsAsAllocated = false
  readonly #perBlock: number
  readonly #perTableCluster: number
  #blocks = 1
  #table = 1

  constructor({ blockEntries, clusterSize }: Geometry) {
    this.#perBlock = blockEntries
    this.#perTableCluster = clusterSize / 8
  }

  /** A run of clusters. */
  allocate(count: number): void {
    if (count === 0) return
    const end = this.clusters + count
    this.endsAsAllocated = end <= this.#blocks * this.#perBlock
    this.clusters = end
    if (!this.endsAsAllocated) this.#count(end)
  }

  allocateOneByOne(count: number): void {
    for (let left = count; left > 0;) {
      const room = this.#blocks * this.#perBlock - this.clusters
      const run = room > 0 ? Math.min(left, room) : 1
      this.allocate(run)
      left -= run
    }
  }

  /** Adds what is missing to count every cluster before `end`, and itself. */
  #count(end: number): void {
    for (let blocks = 0, table = 0; ;) {
      const needed = ceilDiv(end + blocks + table, this.#perBlock)
      const more = needed - this.#blocks
      const larger =
        needed > this.#table * this.#perTableCluster ? Math.max(ceilDiv(needed, this.#perTableCluster), ceilDiv(this.#table * 3, 2)) : 0
      if (more <= blocks && larger <= table) {
        this.#blocks += blocks
        if (table > 0) this.#table = table
        this.clusters += blocks + table
        return
      }
      blocks = Math.max(blocks, more)
      table = Math.max(table, larger)
    }
  }
}
