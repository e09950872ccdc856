import { StrataError } from '../../../shared/errors.ts'
import { textOf, viewOf } from '../../base/bytes.ts'
import { alignUp, ceilDiv, putU64 } from '../../base/ints.ts'
import type { SnapshotLabel } from '../driver.ts'
import { writeSnapshotFields } from './header.ts'
import type { Image } from './image.ts'
import { LIMITS, SnapshotEntry } from './layout.ts'
import { encodeSnapshotRows, readSnapshotRows, type SnapshotRow } from './snapshot-rows.ts'
import { readSnapshots } from './snapshots.ts'

/** Bytes of the extra data that Strata and QEMU since 5.2 write: machine state size, disk size, instruction count. */
const EXTRA = 24
const MAX_TEXT = 65535

/** The rows of an image's table as they stand, with the bytes that nobody knows. */
export function rowsOf({ storage, header }: Image): SnapshotRow[] {
  return readSnapshotRows(storage, header).rows
}

/** The index of the row that has this id, else of the first that has this name. Throws `NOT_FOUND`. */
export function indexOf(image: Image, rows: readonly SnapshotRow[], idOrName: string): number {
  const byId = rows.findIndex(({ id }) => textOf(id) === idOrName)
  const found = byId >= 0 ? byId : rows.findIndex(({ name }) => textOf(name) === idOrName)
  if (found >= 0) return found
  throw new StrataError('NOT_FOUND', `There is no snapshot "${idOrName}"`, { path: image.storage.path, field: 'snapshot' })
}

/** A row for a new snapshot, whose L1 table is still to be named. Without an id it gets one more than the highest. */
export function newRow(image: Image, rows: readonly SnapshotRow[], label: SnapshotLabel): SnapshotRow {
  const where = { path: image.storage.path, field: 'snapshot' }
  const ids = rows.map(({ id }) => textOf(id))
  const next = ids.reduce((highest, id) => (/^\d+$/.test(id) ? Math.max(highest, Number(id)) : highest), 0) + 1
  const id = label.id ?? String(next)
  if (ids.includes(id)) throw new StrataError('EXISTS', `There is a snapshot ${id} already`, where)
  if (rows.length >= LIMITS.snapshots) throw new StrataError('NO_SPACE', `An image holds at most ${LIMITS.snapshots} snapshots`, where)
  const fixed = new Uint8Array(SnapshotEntry.size)
  const vmStateSize = label.vmStateSize ?? 0
  const encoded = { id: encodeText(id, where), name: encodeText(label.name, where) }
  SnapshotEntry.encode(
    {
      l1Offset: 0,
      l1Size: 0,
      idLength: encoded.id.length,
      nameLength: encoded.name.length,
      dateSeconds: label.dateSeconds,
      dateNanoseconds: label.dateNanoseconds,
      clock: BigInt(label.clockNanoseconds ?? 0),
      vmStateSize: vmStateSize < 2 ** 32 ? vmStateSize : 0,
      extraLength: EXTRA,
    },
    fixed,
  )
  const extra = new Uint8Array(EXTRA)
  const view = viewOf(extra)
  putU64(view, 0, vmStateSize)
  putU64(view, 8, image.header.size)
  if (label.icount === undefined) extra.fill(0xff, 16)
  else putU64(view, 16, label.icount)
  return { l1Offset: 0, l1Size: 0, label: id, at: 0, fixed, extra, ...encoded }
}

/** The same row under another name. */
export function renamed(image: Image, row: SnapshotRow, name: string): SnapshotRow {
  const bytes = encodeText(name, { path: image.storage.path, field: 'snapshot' })
  const fixed = row.fixed.slice()
  viewOf(fixed).setUint16(SnapshotEntry.at('nameLength'), bytes.length)
  return { ...row, fixed, name: bytes }
}

/** A name as it stands in the table, which knows no zero byte. */
function encodeText(text: string, where: { path: string; field: string }): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > MAX_TEXT) throw new StrataError('INVALID_ARGUMENT', 'The name of a snapshot is too long', where)
  if (bytes.includes(0)) throw new StrataError('INVALID_ARGUMENT', 'The name of a snapshot holds a zero byte', where)
  return bytes
}

/**
 * Writes a table with these rows to a new place, and names it in one write of the header, once it and all that was written before are down.
 * The room of the old table is given back with the next flush.
 */
export function publishRows(image: Image, rows: readonly SnapshotRow[]): void {
  const { header, storage, geometry, allocator, snapshotTable } = image
  const bytes = encodeSnapshotRows(rows, header.version, header.size)
  if (bytes.length > LIMITS.snapshotTableBytes)
    throw new StrataError('NO_SPACE', 'The snapshot table would be larger than 64 MiB', { path: storage.path, field: 'snapshot' })
  const at = bytes.length === 0 ? 0 : allocator.allocate(ceilDiv(bytes.length, geometry.clusterSize))
  if (bytes.length > 0) {
    storage.zeroAt(at, alignUp(bytes.length, geometry.clusterSize))
    storage.writeAt(at, bytes)
  }
  image.settle()
  const old = { at: header.snapshotsOffset, length: snapshotTable.bytes }
  image.alter(() => {
    header.snapshotsOffset = at
    header.snapshotCount = rows.length
    writeSnapshotFields(storage, header)
    storage.flush()
  })
  if (old.length > 0) allocator.free(old.at, old.length)
  image.snapshotTable = readSnapshots(storage, header)
  image.metadata.renew()
}
