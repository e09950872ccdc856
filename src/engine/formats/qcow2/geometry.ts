import { ceilDiv } from '../../base/ints.ts'

/** The sizes that follow from cluster and refcount width. Bytes, unless said otherwise. */
export interface Geometry {
  readonly clusterBits: number
  readonly clusterSize: number
  /** entries of one L2 table */
  readonly l2Entries: number
  /** guest bytes that one L1 entry covers */
  readonly l2Reach: number
  /** bits of one reference count */
  readonly refcountBits: number
  /** clusters that one refcount block counts */
  readonly blockEntries: number
  readonly version: 2 | 3
}

export function geometryOf(version: 2 | 3, clusterBits: number, refcountOrder: number): Geometry {
  const clusterSize = 2 ** clusterBits
  const refcountBits = 2 ** refcountOrder
  const l2Entries = clusterSize / 8
  return {
    clusterBits,
    clusterSize,
    l2Entries,
    l2Reach: l2Entries * clusterSize,
    refcountBits,
    blockEntries: (clusterSize * 8) / refcountBits,
    version,
  }
}

/** L1 entries that a disk of `size` guest bytes needs. */
export function l1EntriesFor(geometry: Geometry, size: number): number {
  return ceilDiv(size, geometry.l2Reach)
}
