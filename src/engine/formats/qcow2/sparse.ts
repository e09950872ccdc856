import { StrataError } from '../../../shared/errors.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Image } from './image.ts'

/** Counts that are looked at, which takes about a second: an image can be made that has more, and none of them in use. */
const MOST_LOOKED_AT = 2 ** 24

/** See `FormatDriver.isSparse`. As QEMU judges it: a tenth more clusters than the file system has given, and at least two. */
export function isSparse({ storage, geometry: { clusterSize }, refcounts }: Image, allocated: number): boolean {
  const given = Math.floor(allocated / clusterSize)
  const enough = Math.max(Math.floor((given * 10) / 9), given + 2)
  const clusters = ceilDiv(storage.size, clusterSize)
  if (clusters < enough) return false
  try {
    let used = 0
    let cluster = refcounts.nextCounted(0, clusters)
    for (let looked = 0; cluster < clusters && used < enough && looked < MOST_LOOKED_AT; looked++) {
      if (refcounts.get(cluster) > 0) used++
      cluster = refcounts.nextCounted(cluster + 1, clusters)
    }
    return used >= enough
  } catch (error) {
    if (error instanceof StrataError && error.code === 'CORRUPT') return false // counts that can't be read tell nothing
    throw error
  }
}
