import type { SnapshotInfo } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { SnapshotLabel } from '../driver.ts'
import { l1EntriesFor } from './geometry.ts'
import { writeSizeFields } from './header.ts'
import type { Image } from './image.ts'
import { layL1, readL1 } from './l1-place.ts'
import { lowerCounts, raiseCounts, renewExclusive } from './map-counts.ts'
import { walkMap } from './map-walk.ts'
import { indexOf, newRow, publishRows, renamed, rowsOf } from './snapshot-table.ts'
import { unmap } from './shrink.ts'
import { assertSize } from './size-limits.ts'
import { vmStateStart } from './vm-state.ts'

/**
 * Section "Snapshots". Each change is published by one write of the header, when all that it shows is down; docs/architecture.md has the
 * steps and what a power cut leaves at each.
 */

/** Keeps what the disk holds now under a name. Throws before anything changes, but for counts that are put right again. */
export function createSnapshot(image: Image, label: SnapshotLabel, job: Job): SnapshotInfo {
  assertPossible(image)
  const rows = rowsOf(image)
  const row = newRow(image, rows, label)
  begin(image)
  const { header, mapping } = image
  const l1 = mapping.grownL1(header.l1Size)
  const settled = markStale(image)
  try {
    raiseCounts(image, l1, job)
  } catch (error) {
    settled()
    throw error
  }
  image.alter(() => {
    // From here on nothing that the snapshot will share is written in place.
    renewExclusive(image, l1, () => false, job)
    if (l1.length > 0) image.storage.writeAt(header.l1Offset, l1)
    publishRows(image, [...rows, { ...row, l1Offset: layL1(image, l1), l1Size: header.l1Size }])
    changed(image)
  })
  settled()
  dropVmState(image, label.vmStateSize ?? 0, job)
  return image.snapshotTable.snapshots.at(-1)!
}

/** Makes the disk what it was; what it holds now is lost, unless another snapshot keeps it. */
export function applySnapshot(image: Image, idOrName: string, job: Job): void {
  assertPossible(image)
  const index = indexOf(image, rowsOf(image), idOrName)
  const snapshot = image.snapshotTable.snapshots[index]!
  const { header, geometry, storage, allocator, mapping, tracker } = image
  const kept = readL1(image, snapshot)
  begin(image)
  const old = { l1: mapping.grownL1(header.l1Size), at: header.l1Offset }
  const size = snapshot.diskSize ?? header.size
  assertSize(geometry, size, storage.path)
  const l1 = new Uint8Array(Math.max(kept.length, l1EntriesFor(geometry, size) * 8))
  l1.set(kept)
  // What can't be walked to the end is not begun.
  walkMap(image, old.l1, { phase: 'Looking' }, job)
  raiseCounts(image, l1, job)
  renewExclusive(image, l1, () => false, job)
  const at = layL1(image, l1)
  tracker?.mark(0, Math.max(header.size, size))
  if (size !== header.size) tracker?.resizing()
  image.settle()
  image.alter(() => {
    header.size = size
    header.l1Size = l1.length / 8
    header.l1Offset = at
    writeSizeFields(storage, header)
    storage.flush()
    lowerCounts(image, old.l1, job)
    if (old.l1.length > 0) allocator.free(old.at, old.l1.length, 'snapshot')
    changed(image)
  })
}

/** Forgets a snapshot, and gives back what only it held. */
export function removeSnapshot(image: Image, idOrName: string, job: Job): void {
  assertPossible(image)
  const rows = rowsOf(image)
  const index = indexOf(image, rows, idOrName)
  const snapshot = image.snapshotTable.snapshots[index]!
  const kept = readL1(image, snapshot)
  const { allocator, header, mapping, refcounts, storage } = image
  begin(image)
  // What can't be walked to the end is not begun.
  walkMap(image, kept, { phase: 'Looking' }, job)
  const settled = markStale(image)
  image.alter(() => {
    publishRows(image, rows.toSpliced(index, 1))
    lowerCounts(image, kept, job)
    if (kept.length > 0) allocator.free(snapshot.l1Offset, kept.length, 'snapshot')
    image.flush()
    const l1 = mapping.grownL1(header.l1Size)
    renewExclusive(image, l1, (cluster) => refcounts.get(cluster) === 1, job)
    if (l1.length > 0) storage.writeAt(header.l1Offset, l1)
    changed(image)
  })
  settled()
}

/** Gives a snapshot another name. */
export function renameSnapshot(image: Image, idOrName: string, name: string): void {
  const rows = rowsOf(image)
  const index = indexOf(image, rows, idOrName)
  begin(image)
  publishRows(image, rows.with(index, renamed(image, rows[index]!, name)))
  image.flush()
}

function assertPossible({ geometry, storage }: Image): void {
  if (geometry.external)
    throw new StrataError('UNSUPPORTED', 'A disk with an external data file can have no internal snapshots', {
      path: storage.path,
      field: 'data file',
    })
}

/** All that was written before is down, and no stream of packed clusters is begun that a snapshot would share. */
function begin(image: Image): void {
  image.touch()
  image.flush()
  image.packed.leaveRoom()
}

/**
 * While counts, bit 63 and the table change one after the other, version 3 says that they don't agree: after a crash or a failure they are
 * mended when the image is next opened for writing. Version 2 can't say so; there bit 63 may differ from the counts until a repair, which
 * harms no data. Answers with what to call when all agree again.
 */
function markStale(image: Image): () => void {
  const already = image.isDirty
  image.setIncompatible('dirty', true)
  image.stale = true
  return () => {
    image.settle()
    image.stale = false
    if (!already) image.setIncompatible('dirty', false)
  }
}

/** The map changed in the file: what was read of it is forgotten. */
function changed(image: Image): void {
  image.storage.flush()
  image.mapping.reload()
  image.generation++
  image.flush()
}

/** The machine's memory belongs to the snapshot now; in the disk's own map it would only be copied at its next change. */
function dropVmState(image: Image, vmStateSize: number, job: Job): void {
  if (vmStateSize === 0) return
  const { header, geometry } = image
  const start = vmStateStart(image)
  const end = Math.min(header.l1Size * geometry.l2Reach, alignUp(start + vmStateSize, geometry.clusterSize))
  if (end > start) unmap(image, start, end, job)
  image.flush()
}
