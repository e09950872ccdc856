import { StrataError } from '../../../shared/errors.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Image } from './image.ts'

/** See `FormatDriver.isSparse`. As QEMU judges it: a tenth more clusters than the file system has given, and at least two. */
export function isSparse({ storage, geometry: { clusterSize }, refcounts }: Image, allocated: number): boolean {
  const given = Math.floor(allocated / clusterSize)
  const enough = Math.max(Math.floor((given * 10) / 9), given + 2)
  const end = ceilDiv(storage.size, clusterSize)
  if (end < enough) return false
  try {
    let used = 0
    for (let cluster = 0; cluster < end && used < enough; cluster++) if (refcounts.get(cluster) > 0) used++
    return used >= enough
  } catch (error) {
    if (error instanceof StrataError && error.code === 'CORRUPT') return false // counts that can't be read tell nothing
    throw error
  }
}
