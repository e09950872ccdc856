import { StrataError } from '../../../shared/errors.ts'
import { alignUp, ceilDiv } from '../../base/ints.ts'
import { readPadded } from '../../io/storage.ts'
import type { Image } from './image.ts'
import { LIMITS } from './layout.ts'
import type { Root } from './mapping.ts'

/** The bytes of an L1 table as they stand in the file. Throws `CORRUPT` for a table that can't be there. */
export function readL1({ storage, geometry }: Image, { l1Offset, l1Size }: Root): Uint8Array {
  if (l1Size * 8 > LIMITS.l1Bytes || l1Offset % geometry.clusterSize !== 0 || (l1Size > 0 && l1Offset >= storage.size))
    throw new StrataError('CORRUPT', 'An L1 table lies at an impossible place', { path: storage.path, offset: l1Offset, field: 'L1 table' })
  const bytes = new Uint8Array(l1Size * 8)
  readPadded(storage, l1Offset, bytes)
  return bytes
}

/** Writes an L1 table into clusters of its own, which nothing names yet; answers with its host offset, 0 for a table without entries. */
export function layL1({ storage, geometry, allocator }: Image, l1: Uint8Array): number {
  if (l1.length === 0) return 0
  const at = allocator.allocate(ceilDiv(l1.length, geometry.clusterSize))
  storage.zeroAt(at, alignUp(l1.length, geometry.clusterSize))
  storage.writeAt(at, l1)
  return at
}
