import { CHANGE_GRAIN, MOST_CHANGES, type SnapshotChanges, type SnapshotChangesRequest } from '../../shared/snapshot-changes.ts'
import { alignUp, ceilDiv } from '../base/ints.ts'
import { sameBytes } from '../base/bytes.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { ComparedDisk, PIECE, samePlace } from './compared-disk.ts'

/** Milliseconds for one answer, unless the request says otherwise. */
const PATIENCE = 200

/** Where two states of one image read differently. What both hold at the same place of the file is not read. */
export function snapshotChanges(
  platform: Platform,
  { path, since, start, milliseconds = PATIENCE, ...state }: SnapshotChangesRequest,
  { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>,
): SnapshotChanges {
  const until = performance.now() + milliseconds
  const disks: Disk[] = []
  try {
    disks.push(openDisk(platform, path, { gate, secrets, ...state }))
    disks.push(openDisk(platform, path, { gate, secrets, ...state, snapshot: since }))
    const [a, b] = disks.map((disk) => new ComparedDisk(disk, platform, false)) as [ComparedDisk, ComparedDisk]
    const shorter = Math.min(a.size, b.size)
    const size = Math.max(a.size, b.size)
    const ranges: number[] = []
    let at = start
    do {
      if (at >= size) return { size, ranges }
      const max = (at < shorter ? shorter : size) - at
      const [one, other] = [a.status(at, max), b.status(at, max)]
      let length = Math.min(one.length, other.length)
      if (!(one.zero && other.zero) && !samePlace(one, other, (name) => name)) {
        length = Math.min(length, PIECE)
        addDifferences(ranges, at, a.read(at, length, one.zero), b.read(at, length, other.zero))
      }
      at += length
    } while (ranges.length + 2 * ceilDiv(PIECE, CHANGE_GRAIN) < 2 * MOST_CHANGES && performance.now() < until)
    return { size, ranges, ...(at < size && { next: at }) }
  } finally {
    for (const disk of disks) disk.close()
  }
}

/** Adds the blocks in which two pieces differ; those that touch are one range. */
function addDifferences(ranges: number[], at: number, a: Uint8Array, b: Uint8Array): void {
  for (let from = 0; from < a.length;) {
    const to = Math.min(a.length, alignUp(at + from + 1, CHANGE_GRAIN) - at)
    if (!sameBytes(a.subarray(from, to), b.subarray(from, to))) {
      const last = ranges.length - 2
      const end = last >= 0 ? ranges[last]! + ranges[last + 1]! : -1
      if (end === at + from) ranges[last + 1]! += to - from
      else ranges.push(at + from, to - from)
    }
    from = to
  }
}
