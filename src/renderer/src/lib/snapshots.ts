import type { DiskInfo, SnapshotInfo } from '../../../shared/model.ts'

/** QEMU cuts the names that it lists behind this many bytes of UTF-8. */
const NAME_BYTES = 255

/** Whether an image can hold snapshots: a qcow2 image that keeps its data itself. */
export function holdsSnapshots(disk: DiskInfo): boolean {
  return disk.format === 'qcow2' && disk.qcow2?.dataFile === undefined
}

/** Snapshots in the order in which they were taken; the table's own order where they were taken at once. */
export function byDate(snapshots: readonly SnapshotInfo[]): SnapshotInfo[] {
  return snapshots.toSorted((a, b) => a.dateSeconds - b.dateSeconds || a.dateNanoseconds - b.dateNanoseconds)
}

/** How a snapshot is called; one without a name by its id. */
export function snapshotName(snapshot: SnapshotInfo): string {
  return snapshot.name || snapshot.id
}

/** `wish`, or what comes nearest to it and names no other snapshot. */
export function freeName(wish: string, snapshots: readonly SnapshotInfo[]): string {
  let name = wish
  for (let count = 2; isTaken(name, snapshots); count++) name = `${wish} (${count})`
  return name
}

/** A name for a snapshot that is taken now (milliseconds since 1970): date and time as this place tells them, which sort as they follow. */
export function datedName(now: number, snapshots: readonly SnapshotInfo[]): string {
  const date = new Date(now)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return freeName(`${day} ${two(date.getHours())}:${two(date.getMinutes())}`, snapshots)
}

/** What speaks against a name: programs would take it for another snapshot's name or id, or can't show it whole. */
export function nameFault(name: string, others: readonly SnapshotInfo[]): 'empty' | 'taken' | 'long' | undefined {
  if (name.trim() === '') return 'empty'
  if (new TextEncoder().encode(name).length > NAME_BYTES) return 'long'
  return isTaken(name, others) ? 'taken' : undefined
}

/** A snapshot's name as a part of a file name. */
export function fileNamePart(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'snapshot'
}

function isTaken(name: string, snapshots: readonly SnapshotInfo[]): boolean {
  return snapshots.some((snapshot) => snapshot.name === name || snapshot.id === name)
}
