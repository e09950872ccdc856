import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv, putU64 } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { readPadded } from '../../io/storage.ts'
import type { Run } from './allocator.ts'
import { countersOf } from './counters.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { shapeOf, writeRefcountFields } from './header.ts'
import type { Image } from './image.ts'
import { LIMITS } from './layout.ts'

/** Counts that are looked at as one; a block holds so many, or fewer. */
const PIECE = 65536

/** Throws `UNSUPPORTED` where a reference count does not fit into `bits` bits. */
export function assertCountsFit(image: Image, bits: number): void {
  if (bits >= image.geometry.refcountBits) return
  for (const { first, counts } of allCounts(image)) assertPieceFits(image, bits, first, counts)
}

function assertPieceFits({ storage, geometry }: Image, bits: number, first: number, counts: Float64Array): void {
  const { max } = countersOf(bits)
  const i = counts.findIndex((count) => count > max)
  if (i < 0) return
  const offset = (first + i) * geometry.clusterSize
  throw new StrataError(
    'UNSUPPORTED',
    `Cannot decrease refcount entry width to ${bits} bits: Cluster at offset 0x${offset.toString(16)} has a refcount of ${counts[i]}`,
    { path: storage.path, field: 'refcount_bits' },
    'Delete snapshots until no cluster is shared so often.',
  )
}

/**
 * Gives the reference counts another width, 1 to 64 bits: they are written anew beside the old ones, and one write of the header switches to
 * them. The new do not count the old any more, so that a power cut leaks the new ones or nothing. Stopped before the switch, the image counts
 * as before. Throws `UNSUPPORTED` where a count does not fit.
 */
export function changeRefcountWidth(image: Image, bits: number, job: Job): void {
  const { storage, geometry, header, refcounts, allocator } = image
  if (bits === geometry.refcountBits) return
  image.touch()
  image.flush()
  const order = Math.log2(bits)
  const wanted = geometryOf({ ...shapeOf(header), refcountOrder: order })
  const room = makeRoom(image, wanted)
  refcounts.writeDirty() // the counts are read from the file
  try {
    writeCounts(image, wanted, room, job)
  } catch (error) {
    allocator.free(room.run.at, room.run.count * geometry.clusterSize)
    throw error
  }
  storage.flush()
  image.alter(() => {
    Object.assign(header, { refcountTableOffset: room.run.at, refcountTableClusters: room.tableClusters, refcountOrder: order })
    writeRefcountFields(storage, header)
    storage.flush()
  })
  Object.assign(geometry, wanted)
  refcounts.reload()
}

/** Where the new table and behind it its blocks go; `blocks` are the indices of those that have something to count. */
interface Room {
  run: Run
  tableClusters: number
  blocks: number[]
}

/** Room for a table and blocks that count all that is counted now, and themselves. */
function makeRoom(image: Image, wanted: Geometry): Room {
  const { geometry, allocator, storage } = image
  const { clusterSize } = geometry
  for (let asked = 1; ;) {
    const at = allocator.allocate(asked)
    const blocks = countedBlocks(image, wanted)
    const tableClusters = ceilDiv(((blocks.at(-1) ?? 0) + 1) * 8, clusterSize)
    const count = tableClusters + blocks.length
    if (count <= asked) {
      if (count < asked) allocator.free(at + count * clusterSize, (asked - count) * clusterSize)
      allocator.applyFrees() // nothing ever pointed there
      return { run: { at, count }, tableClusters, blocks }
    }
    allocator.free(at, asked * clusterSize)
    allocator.applyFrees()
    if (tableClusters * clusterSize > LIMITS.refcountTableBytes)
      throw new StrataError('UNSUPPORTED', 'The file is too large for reference counts of this width', {
        path: storage.path,
        field: 'refcount_bits',
      })
    asked = count
  }
}

/** The blocks of the new width that have a count to hold, by index. */
function countedBlocks(image: Image, { blockEntries }: Geometry): number[] {
  const found = new Set<number>()
  for (const { first, counts } of allCounts(image))
    for (let i = 0; i < counts.length;) {
      const index = Math.floor((first + i) / blockEntries)
      const end = Math.min(counts.length, (index + 1) * blockEntries - first)
      while (i < end && counts[i] === 0) i++
      if (i < end) found.add(index)
      i = end
    }
  return [...found].sort((a, b) => a - b)
}

function writeCounts(image: Image, wanted: Geometry, { run, tableClusters, blocks }: Room, job: Job): void {
  const { storage, geometry } = image
  const { clusterSize } = geometry
  const counters = countersOf(wanted.refcountBits)
  const outgoing = structureOf(image)
  const table = new Uint8Array(tableClusters * clusterSize)
  const block = new Uint8Array(clusterSize)
  const view = viewOf(block)
  const counts = new Float64Array(Math.min(PIECE, geometry.blockEntries, wanted.blockEntries))
  blocks.forEach((index, i) => {
    job.checkpoint()
    job.report({ phase: 'Rewriting reference counts', done: i, total: blocks.length })
    block.fill(0)
    for (let done = 0; done < wanted.blockEntries; done += counts.length) {
      const first = index * wanted.blockEntries + done
      readCounts(image, first, counts)
      assertPieceFits(image, wanted.refcountBits, first, counts)
      for (let c = 0; c < counts.length; c++) {
        if (counts[c] === 0) continue
        counters.set(view, done + c, counts[c]! - (outgoing.has(first + c) ? 1 : 0))
      }
    }
    const at = run.at + (tableClusters + i) * clusterSize
    storage.writeAt(at, block)
    putU64(viewOf(table), index * 8, at)
  })
  storage.writeAt(run.at, table)
}

/** The clusters that hold the present reference counts. */
function structureOf({ header, geometry, refcounts }: Image): Set<number> {
  const first = header.refcountTableOffset / geometry.clusterSize
  const clusters = new Set(Array.from({ length: header.refcountTableClusters }, (_, i) => first + i))
  for (const at of refcounts.table) if (at !== 0) clusters.add(at / geometry.clusterSize)
  return clusters
}

/** All counts that have a block, piece by piece. What is yielded stays valid until the next one. */
function* allCounts(image: Image): Generator<{ first: number; counts: Float64Array }> {
  const { refcounts, geometry } = image
  const { blockEntries } = geometry
  refcounts.writeDirty()
  const counts = new Float64Array(Math.min(PIECE, blockEntries))
  for (let index = 0; index < refcounts.table.length; index++) {
    if (refcounts.table[index] === 0) continue
    for (let done = 0; done < blockEntries; done += counts.length) {
      const first = index * blockEntries + done
      readCounts(image, first, counts)
      yield { first, counts }
    }
  }
}

/** Reads the counts of `into.length` clusters from the file. They lie in one block. */
function readCounts({ storage, refcounts, geometry }: Image, first: number, into: Float64Array): void {
  if (!refcounts.has(first)) return void into.fill(0)
  const bytes = new Uint8Array((into.length * geometry.refcountBits) / 8)
  const inBlock = ((first % geometry.blockEntries) * geometry.refcountBits) / 8
  readPadded(storage, refcounts.blockOffset(refcounts.blockIndex(first)) + inBlock, bytes)
  refcounts.counters.read(viewOf(bytes), 0, into)
}
