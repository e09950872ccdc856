import type { Appender } from './appender.ts'
import type { Examined } from './examined.ts'
import type { Findings } from './findings.ts'
import { writeFeatures, writeSnapshotFields } from './header.ts'
import { AUTOCLEAR } from './layout.ts'
import { encodeSnapshotRows } from './snapshot-rows.ts'
import { rowFault, type Survey } from './survey.ts'

/** A change that is laid down, and not yet pointed at. */
export type Publish = () => void

/**
 * Lays down a snapshot table without what is impossible: with complete rows, without those whose L1 table is nowhere, and with the new places
 * of L1 tables that moved. Undefined where the table can stay.
 */
export function mendedSnapshots(
  { storage, header, geometry, snapshots }: Examined,
  { faultySnapshots }: Survey,
  moved: ReadonlyMap<number, number>,
  room: Appender,
  mends: Findings,
): Publish | undefined {
  if (!faultySnapshots && moved.size === 0) return undefined
  const readable = geometry.external
    ? []
    : snapshots.rows.filter(({ l1Offset, l1Size }) => rowFault(l1Offset, l1Size, geometry.clusterSize) === undefined)
  const rows = readable.map((row) => ({ ...row, l1Offset: moved.get(row.l1Offset) ?? row.l1Offset }))
  const lost = snapshots.rows.filter((row) => !readable.includes(row))
  const at = rows.length > 0 ? room.lay(encodeSnapshotRows(rows, header.version, header.size)) : 0
  return () => {
    for (const fault of snapshots.faults) mends.add('corruption', `Repairing: ${fault.message}`, fault.offset)
    for (const { label, at: row } of lost) mends.add('corruption', `Discarding snapshot ${label}, whose L1 table is nowhere`, row)
    header.snapshotCount = rows.length
    header.snapshotsOffset = at
    writeSnapshotFields(storage, header)
    storage.flush()
  }
}

/**
 * Mends the bitmaps where they lie: a table entry that makes no sense becomes "all of it may have changed". Where the directory makes none, all
 * bitmaps are given up, by the bit that vouches for them. Answers whether anything changed.
 */
export function mendBitmaps({ storage, header, geometry }: Examined, survey: Survey, mends: Findings): boolean {
  const { faultyDirectory, faultyBitmapEntries, tally } = survey
  if (!faultyDirectory && faultyBitmapEntries.length === 0) return false
  const alone = faultyBitmapEntries.every((at) => tally.get(Math.floor(at / geometry.clusterSize)) === 1)
  if (faultyDirectory || !alone) {
    header.autoclear &= ~AUTOCLEAR.bitmaps
    writeFeatures(storage, header)
    mends.add('corruption', 'Discarding the bitmaps, which make no sense', 88)
  } else {
    for (const at of faultyBitmapEntries) {
      storage.writeAt(at, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1))
      mends.add('corruption', `Repairing the bitmap table entry at ${at}: all it stands for counts as changed`, at)
    }
  }
  storage.flush()
  return true
}
