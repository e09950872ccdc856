import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv, putU64 } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { Appender } from './appender.ts'
import { countersOf } from './counters.ts'
import type { Examined } from './examined.ts'
import { writeRefcountFields } from './header.ts'
import { LIMITS } from './layout.ts'
import type { ReferenceTally } from './reference-tally.ts'

/**
 * Writes the reference counts anew, as the tally has them, into room behind all else, with wider counters where a count needs them, and
 * lets the header name the new ones in one write: a power cut leaves the old counts or the new. The tally must not hold the old table and
 * blocks; it hears of the new ones. Throws `NO_SPACE` where the format can't count so much.
 */
export function rebuildCounts(image: Examined, tally: ReferenceTally, room: Appender, job: Job): void {
  const { storage, header, geometry } = image
  const { clusterSize } = geometry
  const order = header.version === 2 ? header.refcountOrder : Math.max(header.refcountOrder, orderFor(tally, room.end))
  const counters = countersOf(2 ** order)
  const blockEntries = (clusterSize * 8) / 2 ** order
  const { blocks, tableClusters } = plan(tally, room.end, blockEntries, clusterSize)
  if (tableClusters * clusterSize > LIMITS.refcountTableBytes)
    throw new StrataError('NO_SPACE', 'The file is larger than its clusters can be counted', {
      path: storage.path,
      field: 'refcount table',
    })
  const tableAt = room.take(tableClusters)
  const table = new Uint8Array(tableClusters * clusterSize)
  blocks.forEach((index) => putU64(viewOf(table), index * 8, room.take(1)))
  storage.writeAt(tableAt, table)
  const block = new Uint8Array(clusterSize)
  const view = viewOf(block)
  blocks.forEach((index, i) => {
    job.checkpoint()
    job.report({ phase: 'Writing reference counts', done: i, total: blocks.length })
    block.fill(0)
    const end = (index + 1) * blockEntries
    for (let cluster = tally.next(index * blockEntries, end); cluster < end; cluster = tally.next(cluster + 1, end))
      counters.set(view, cluster % blockEntries, Math.min(tally.get(cluster), counters.max))
    storage.writeAt(tableAt + (tableClusters + i) * clusterSize, block)
  })
  storage.flush()
  Object.assign(header, { refcountTableOffset: tableAt, refcountTableClusters: tableClusters, refcountOrder: order })
  writeRefcountFields(storage, header)
  storage.flush()
}

/** The blocks that are needed, by index, and the clusters of their table: they lie from cluster `start` on, and are counted themselves. */
function plan(
  tally: ReferenceTally,
  start: number,
  blockEntries: number,
  clusterSize: number,
): { blocks: number[]; tableClusters: number } {
  const needed: number[] = []
  for (let cluster = tally.next(0, start); cluster < start;) {
    const index = Math.floor(cluster / blockEntries)
    needed.push(index)
    cluster = tally.next((index + 1) * blockEntries, start)
  }
  for (let own = 1; ;) {
    const blocks = new Set(needed)
    for (let index = Math.floor(start / blockEntries); index <= Math.floor((start + own - 1) / blockEntries); index++) blocks.add(index)
    const tableClusters = ceilDiv((Math.floor((start + own - 1) / blockEntries) + 1) * 8, clusterSize)
    if (tableClusters + blocks.size <= own) return { blocks: [...blocks].sort((a, b) => a - b), tableClusters }
    own = tableClusters + blocks.size
  }
}

/** The least width that the largest count fits into, as an exponent of two. */
function orderFor(tally: ReferenceTally, end: number): number {
  let most = 0
  for (let cluster = tally.next(0, end); cluster < end; cluster = tally.next(cluster + 1, end)) most = Math.max(most, tally.get(cluster))
  return [0, 1, 2, 3, 4, 5].find((order) => most <= countersOf(2 ** order).max) ?? 6
}
