import type { SnapshotInfo } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { textOf, viewOf } from '../../base/bytes.ts'
import { alignUp, getU64 } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { Header } from './header.ts'
import { LIMITS, SnapshotEntry } from './layout.ts'

/** Bytes of the table that are read at once. */
const READ_AHEAD = 4096
/** in a second */
const NANOSECONDS = 1_000_000_000n

/** A row of the snapshot table with the place of its L1 table. */
export interface Snapshot extends SnapshotInfo {
  l1Offset: number
  /** entries */
  l1Size: number
}

/** What the snapshot table holds, and how many bytes it takes. */
export interface SnapshotTable {
  snapshots: Snapshot[]
  bytes: number
}

/** Reads the snapshot table (section "Snapshots") piece by piece; throws `CORRUPT` where it leaves the file or its limits. */
export function readSnapshots(storage: Storage, header: Header): SnapshotTable {
  const snapshots: Snapshot[] = []
  const read = readAhead(storage)
  let at = header.snapshotsOffset
  for (let i = 0; i < header.snapshotCount; i++) {
    const where = { path: storage.path, offset: at, field: `snapshot ${i}` }
    const entry = SnapshotEntry.decode(read(at, SnapshotEntry.size), where)
    if (entry.extraLength > LIMITS.snapshotExtra) throw new StrataError('CORRUPT', 'A snapshot has too much extra data', where)
    if (entry.l1Size * 8 > LIMITS.l1Bytes) throw new StrataError('CORRUPT', "A snapshot's L1 table is larger than 32 MiB", where)
    const restLength = entry.extraLength + entry.idLength + entry.nameLength
    if (at + SnapshotEntry.size + restLength > storage.size)
      throw new StrataError(
        'CORRUPT',
        'The snapshot table lies past the end of the file',
        where,
        'The image may have been cut short by a copy.',
      )
    snapshots.push({ ...describe(entry, read(at + SnapshotEntry.size, restLength)), l1Offset: entry.l1Offset, l1Size: entry.l1Size })
    at = alignUp(at + SnapshotEntry.size + restLength, 8)
    if (at - header.snapshotsOffset > LIMITS.snapshotTableBytes)
      throw new StrataError('CORRUPT', 'The snapshot table is larger than 64 MiB', where)
  }
  return { snapshots, bytes: at - header.snapshotsOffset }
}

/** Reads small pieces that lie one behind the other with few calls. What it answers stays valid until the next call. */
function readAhead(storage: Storage): (at: number, length: number) => Uint8Array {
  let start = 0
  let held = new Uint8Array()
  return (at, length) => {
    if (at < start || at + length > start + held.length) {
      start = at
      held = new Uint8Array(Math.max(length, READ_AHEAD))
      readPadded(storage, at, held)
    }
    return held.subarray(at - start, at - start + length)
  }
}

function describe(entry: ReturnType<typeof SnapshotEntry.decode>, rest: Uint8Array): SnapshotInfo {
  const extra = viewOf(rest.subarray(0, entry.extraLength))
  const idEnd = entry.extraLength + entry.idLength
  const info: SnapshotInfo = {
    id: textOf(rest.subarray(entry.extraLength, idEnd)),
    name: textOf(rest.subarray(idEnd)),
    vmStateSize: entry.extraLength >= 8 ? getU64(extra, 0) : entry.vmStateSize,
    dateSeconds: entry.dateSeconds,
    dateNanoseconds: entry.dateNanoseconds,
    clockSeconds: Number(entry.clock / NANOSECONDS),
    clockNanoseconds: Number(entry.clock % NANOSECONDS),
  }
  if (entry.extraLength >= 16) info.diskSize = getU64(extra, 8)
  // An instruction count of all ones means that recording was off.
  if (entry.extraLength >= 24 && !(extra.getUint32(16) === 0xffffffff && extra.getUint32(20) === 0xffffffff))
    info.icount = getU64(extra, 16)
  return info
}
