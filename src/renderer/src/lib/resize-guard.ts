import type { DiskLayout, Partition } from '../../../shared/disk-layout.ts'

/** What a disk of a smaller size would lose of what is known to be on it. */
export type Cut =
  /** all that is known to be on the disk ends before the new size */
  | { what: 'nothing' }
  /** nothing is known of what is on the disk, so anything may be lost */
  | { what: 'unknown' }
  /** `gone` lie behind the new end as a whole, `short` reach past it */
  | { what: 'parts'; gone: Partition[]; short: Partition[] }
  /** a file system right on the disk, or the room that a partition table needs at the disk's end */
  | { what: 'end' }

/** What cutting a disk off at `size` bytes loses, as far as its layout tells; undefined is a layout that could not be read. */
export function cutBy(layout: DiskLayout | undefined, size: number): Cut {
  if (layout?.lastUsedByte === undefined) return { what: 'unknown' }
  if (size >= layout.lastUsedByte) return { what: 'nothing' }
  const gone = layout.partitions.filter(({ start }) => start >= size)
  const short = layout.partitions.filter(({ start, length }) => start < size && start + length > size)
  return gone.length + short.length > 0 ? { what: 'parts', gone, short } : { what: 'end' }
}
