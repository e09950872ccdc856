import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { incompatibleName } from './extensions.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { type Header, readDamagedHeader, shapeOf } from './header.ts'
import { INCOMPATIBLE } from './layout.ts'
import { readSnapshotRows, type SnapshotRows } from './snapshot-rows.ts'

/** An image as a check sees it: what the header says, and the tables that the rest hangs on, none of it trusted. */
export interface Examined {
  storage: Storage
  header: Header
  geometry: Geometry
  /** bytes of the file when it was looked at */
  fileSize: number
  /** clusters of the file; the last may be cut short */
  clusters: number
  snapshots: SnapshotRows
}

/** A check numbers clusters in 31 bits, as QEMU does. */
const MOST_CLUSTERS = 2 ** 31 - 1

/** Reads what a check begins with. Throws what `readDamagedHeader` throws, and `UNSUPPORTED` for features or a file beyond what a check knows. */
export function examine(storage: Storage): Examined {
  const examined = examineHeader(storage)
  return { ...examined, snapshots: readSnapshotRows(storage, examined.header) }
}

/** The same without the snapshot table, which can be long. */
export function examineHeader(storage: Storage): Omit<Examined, 'snapshots'> {
  const header = readDamagedHeader(storage)
  if (header.cryptMethod > 2)
    throw new StrataError('UNSUPPORTED', `This image uses encryption method ${header.cryptMethod}, which Strata does not have`, {
      path: storage.path,
      offset: 32,
      field: 'crypt_method',
    })
  const known = Object.values(INCOMPATIBLE).reduce((all, bit) => all | bit, 0n)
  for (let bit = 0; bit < 64; bit++)
    if (header.incompatible & ~known & (1n << BigInt(bit)))
      throw new StrataError(
        'UNSUPPORTED',
        `This image uses "${incompatibleName(header.extensions, bit)}", which Strata does not have yet`,
        {
          path: storage.path,
          offset: 72,
          field: 'incompatible_features',
        },
      )
  const geometry = geometryOf(shapeOf(header))
  const clusters = ceilDiv(storage.size, geometry.clusterSize)
  if (clusters > MOST_CLUSTERS)
    throw new StrataError('UNSUPPORTED', 'The file has more clusters than a check can count', { path: storage.path })
  return { storage, header, geometry, fileSize: storage.size, clusters }
}

/** `length` bytes from offset `at` on; zeros past the end of the file. */
export function read(storage: Storage, at: number, length: number): DataView {
  const bytes = new Uint8Array(length)
  readPadded(storage, at, bytes)
  return viewOf(bytes)
}
