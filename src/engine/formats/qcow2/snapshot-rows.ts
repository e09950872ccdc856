import { textOf, viewOf } from '../../base/bytes.ts'
import { alignUp, getU64 } from '../../base/ints.ts'
import { readAhead } from '../../io/read-ahead.ts'
import type { Storage } from '../../io/storage.ts'
import type { Header } from './header.ts'
import { LIMITS, SnapshotEntry } from './layout.ts'

/** Bytes of extra data that version 3 demands: the large machine state size and the disk size. */
const NEEDED_EXTRA = 16
/** Bytes of extra data whose meaning is known: the two, and the instruction count. */
const KNOWN_EXTRA = 24

/** A row of the snapshot table, taken as it is. */
export interface SnapshotRow {
  /** host offset in bytes; it may be impossible */
  l1Offset: number
  /** entries; they may be too many */
  l1Size: number
  /** how people know it: id and name */
  label: string
  /** where the row begins in the file */
  at: number
  fixed: Uint8Array
  /** what of the extra data is worth keeping */
  extra: Uint8Array
  id: Uint8Array
  name: Uint8Array
}

/** A fault of the snapshot table that writing it anew mends. */
export interface RowFault {
  message: string
  offset: number
}

export interface SnapshotRows {
  rows: SnapshotRow[]
  /** bytes that the rows take in the file */
  bytes: number
  faults: RowFault[]
}

/**
 * Reads the snapshot table (section "Snapshots") without trusting it: extra data beyond the limit is left out, rows past the limits of
 * number and bytes are dropped, what lies past the end of the file is zeros.
 */
export function readSnapshotRows(storage: Storage, header: Header): SnapshotRows {
  const { snapshotCount, snapshotsOffset, version } = header
  const read = readAhead(storage)
  const rows: SnapshotRow[] = []
  const faults: RowFault[] = []
  const count = Math.min(snapshotCount, LIMITS.snapshots)
  if (snapshotCount > count) faults.push({ message: `${snapshotCount - count} snapshots more than the format allows`, offset: 60 })
  let at = snapshotsOffset
  for (let i = 0; i < count; i++) {
    if (at >= storage.size) {
      faults.push({ message: `the snapshot table lies past the end of the file: ${count - i} snapshots are lost`, offset: at })
      break
    }
    const view = viewOf(read(at, SnapshotEntry.size))
    const extraLength = view.getUint32(SnapshotEntry.at('extraLength'))
    const idLength = view.getUint16(SnapshotEntry.at('idLength'))
    const nameLength = view.getUint16(SnapshotEntry.at('nameLength'))
    const end = at + SnapshotEntry.size + extraLength + idLength + nameLength
    if (end - snapshotsOffset > LIMITS.snapshotTableBytes) {
      faults.push({ message: `the snapshot table is larger than 64 MiB: ${count - i} snapshots are too many`, offset: at })
      break
    }
    const excess = extraLength > LIMITS.snapshotExtra
    if (excess) faults.push({ message: `snapshot table entry ${i} has ${extraLength} bytes of extra data`, offset: at })
    if (version === 3 && extraLength < NEEDED_EXTRA) faults.push({ message: `snapshot table entry ${i} is incomplete`, offset: at })
    // One piece of memory for a row, or two: of tens of thousands, four each would take more than what is in them.
    const first = read(at, SnapshotEntry.size + (excess ? KNOWN_EXTRA : extraLength + idLength + nameLength)).slice()
    const names = excess
      ? read(end - nameLength - idLength, idLength + nameLength).slice()
      : first.subarray(first.length - idLength - nameLength)
    const [fixed, extra] = [
      first.subarray(0, SnapshotEntry.size),
      first.subarray(SnapshotEntry.size, SnapshotEntry.size + (excess ? KNOWN_EXTRA : extraLength)),
    ]
    const [id, name] = [names.subarray(0, idLength), names.subarray(idLength)]
    const label = `${textOf(id)} (${textOf(name)})`
    rows.push({ l1Offset: getU64(viewOf(fixed), 0), l1Size: viewOf(fixed).getUint32(8), label, at, fixed, extra, id, name })
    at = alignUp(end, 8)
  }
  return { rows, bytes: at - snapshotsOffset, faults }
}

/** The bytes of a snapshot table with these rows, complete: where a row lacks what version 3 demands, it gets it. `size` in guest bytes. */
export function encodeSnapshotRows(rows: readonly SnapshotRow[], version: 2 | 3, size: number): Uint8Array {
  const complete = rows.map((row) => ({ ...row, extra: version === 3 ? completed(row, size) : row.extra }))
  const lengths = complete.map(({ extra, id, name }) => alignUp(SnapshotEntry.size + extra.length + id.length + name.length, 8))
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  complete.forEach(({ fixed, l1Offset, l1Size, extra, id, name }, i) => {
    const row = bytes.subarray(at, at + lengths[i]!)
    row.set(fixed)
    const view = viewOf(row)
    view.setUint32(0, Math.floor(l1Offset / 2 ** 32))
    view.setUint32(4, l1Offset % 2 ** 32)
    view.setUint32(SnapshotEntry.at('l1Size'), l1Size)
    view.setUint32(SnapshotEntry.at('extraLength'), extra.length)
    row.set(extra, SnapshotEntry.size)
    row.set(id, SnapshotEntry.size + extra.length)
    row.set(name, SnapshotEntry.size + extra.length + id.length)
    at += lengths[i]!
  })
  return bytes
}

/** Extra data with a machine state size and a disk size; what was not stated is what a reader would have taken it for. */
export function completed({ fixed, extra }: SnapshotRow, size: number): Uint8Array {
  if (extra.length >= NEEDED_EXTRA) return extra
  const whole = new Uint8Array(NEEDED_EXTRA)
  const view = viewOf(whole)
  view.setUint32(4, viewOf(fixed).getUint32(SnapshotEntry.at('vmStateSize')))
  view.setUint32(8, Math.floor(size / 2 ** 32))
  view.setUint32(12, size % 2 ** 32)
  whole.set(extra.subarray(0, extra.length >= 8 ? 8 : 0))
  return whole
}
