import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv, getU64, putU64 } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { BitmapRecord } from './bitmap-directory.ts'
import { tableReach } from './bitmap-directory.ts'
import { bitRuns } from './bits.ts'
import type { Geometry } from './geometry.ts'
import type { GuestRange } from './marked-ranges.ts'

/** A table entry for a cluster of which no bit is set. */
export const NO_BITS = 0
/** A table entry for a cluster of which every bit is set. */
export const ALL_BITS = 1

/** The table of a bitmap: host offsets of clusters of bits, or one of the two constants. Throws `CORRUPT` for an impossible entry. */
export function readBitmapTable(storage: Storage, { clusterSize }: Geometry, { name, tableOffset, tableSize }: BitmapRecord): Float64Array {
  const bytes = new Uint8Array(tableSize * 8)
  readPadded(storage, tableOffset, bytes)
  const view = viewOf(bytes)
  const table = new Float64Array(tableSize)
  for (let i = 0; i < tableSize; i++) {
    const entry = getU64(view, i * 8)
    // Reserved bits make an entry that is no cluster's start, or one far past any file's end.
    if (entry > ALL_BITS && (entry % clusterSize !== 0 || entry >= storage.size))
      throw new StrataError(
        'CORRUPT',
        `The table of bitmap '${name}' has an impossible entry`,
        { path: storage.path, offset: tableOffset + i * 8, field: `bitmap table[${i}]` },
        'Remove this bitmap.',
      )
    table[i] = entry
  }
  return table
}

/** The bytes of a table. */
export function encodeBitmapTable(table: Float64Array): Uint8Array {
  const bytes = new Uint8Array(table.length * 8)
  const view = viewOf(bytes)
  table.forEach((entry, i) => putU64(view, i * 8, entry))
  return bytes
}

/** Fills `into`, one cluster, with the bits of a table entry. */
export function readBits(storage: Storage, entry: number, into: Uint8Array): void {
  if (entry > ALL_BITS) readPadded(storage, entry, into)
  else into.fill(entry === ALL_BITS ? 0xff : 0)
}

/** The guest ranges that a bitmap of a disk of `size` bytes marks, in order; what lies together is one range. */
export function* markedRanges(storage: Storage, geometry: Geometry, record: BitmapRecord, size: number): Generator<GuestRange> {
  const granularity = 2 ** record.granularityBits
  const reach = tableReach(geometry, record.granularityBits)
  const bytes = new Uint8Array(geometry.clusterSize)
  let found: GuestRange | undefined
  for (const [i, entry] of readBitmapTable(storage, geometry, record).entries()) {
    const start = i * reach
    if (entry === NO_BITS || start >= size) continue
    readBits(storage, entry, bytes)
    const count = Math.min(bytes.length * 8, ceilDiv(size - start, granularity))
    for (const { from, to } of bitRuns(bytes, count)) {
      const at = start + from * granularity
      const end = Math.min(size, start + to * granularity)
      if (found && found.at + found.length === at) found.length = end - found.at
      else {
        if (found) yield found
        found = { at, length: end - at }
      }
    }
  }
  if (found) yield found
}
