import { ceilDiv } from '../../base/ints.ts'

/** The sizes that follow from the widths and features in the header. Bytes, unless said otherwise. */
export interface Geometry {
  readonly clusterBits: number
  readonly clusterSize: number
  /** the unit that is mapped as one: a 32nd of a cluster with extended L2 entries, else a cluster */
  readonly subclusterSize: number
  /** whether L2 entries are extended: a word of subcluster bits follows each */
  readonly extendedL2: boolean
  /** of one L2 entry */
  readonly l2EntryBytes: number
  /** entries of one L2 table */
  readonly l2Entries: number
  /** guest bytes that one L1 entry covers */
  readonly l2Reach: number
  /** bits of one reference count */
  readonly refcountBits: number
  /** clusters that one refcount block counts */
  readonly blockEntries: number
  readonly version: 2 | 3
  /** whether guest bytes lie in an external data file, where host offset 0 is as good as any */
  readonly external: boolean
}

/** Subclusters of one cluster (section "Extended L2 Entries"). */
export const SUBCLUSTERS = 32

/** What of the header decides the sizes. */
export interface Shape {
  version: 2 | 3
  clusterBits: number
  refcountOrder: number
  extendedL2?: boolean
  external?: boolean
}

export function geometryOf({ version, clusterBits, refcountOrder, extendedL2 = false, external = false }: Shape): Geometry {
  const clusterSize = 2 ** clusterBits
  const refcountBits = 2 ** refcountOrder
  const l2EntryBytes = extendedL2 ? 16 : 8
  const l2Entries = clusterSize / l2EntryBytes
  return {
    clusterBits,
    clusterSize,
    subclusterSize: extendedL2 ? clusterSize / SUBCLUSTERS : clusterSize,
    extendedL2,
    l2EntryBytes,
    l2Entries,
    l2Reach: l2Entries * clusterSize,
    refcountBits,
    blockEntries: (clusterSize * 8) / refcountBits,
    version,
    external,
  }
}

/** L1 entries that a disk of `size` guest bytes needs. */
export function l1EntriesFor(geometry: Geometry, size: number): number {
  return ceilDiv(size, geometry.l2Reach)
}
