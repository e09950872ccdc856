import type { Geometry } from './geometry.ts'

/**
 * The one door between bits and meaning of L1 and L2 entries (section "Cluster mapping"). An entry is handled as its high and low
 * 32-bit words, so that no bigint is made in a hot loop; nobody else in the driver sees a mask.
 */

const COPIED = 0x80000000
const COMPRESSED = 0x40000000
/** high word: bits 32–55 of a host offset */
const HOST_HIGH = 0x00ffffff
/** low word: bits 9–31 of a host offset */
const HOST_LOW = 0xfffffe00
const ZERO = 1
const RESERVED_HIGH = 0x3f000000
const RESERVED_LOW = 0x1fe
const TWO_32 = 2 ** 32

export type L2Kind = 'hole' | 'zero' | 'data' | 'packed'

/** All 32 bits of a half of a subcluster word. */
const EVERY = 0xffffffff

/** An L2 entry taken apart. Host offsets and lengths in bytes. */
export type L2Entry =
  | { is: 'hole' }
  | { is: 'zero'; host: number | undefined; exclusive: boolean }
  | { is: 'data'; host: number; exclusive: boolean }
  /** `length` reaches to the end of the last 512-byte sector that the entry claims */
  | { is: 'packed'; host: number; length: number }
  /** extended: subclusters that differ. Bit n of a mask is subcluster n; one in neither mask is a hole, whether or not there is room for it */
  | { is: 'split'; host: number | undefined; exclusive: boolean; allocated: number; zeros: number }

/** The kind of a cluster under standard entries. */
export function kindOf(high: number, low: number, external: boolean): L2Kind {
  if (high & COMPRESSED) return 'packed'
  if (low & ZERO) return 'zero'
  return hasHost(high, low, external) ? 'data' : 'hole'
}

/** The kind of one subcluster under extended entries. `index` counts subclusters from 0 on. */
export function subclusterKindOf(high: number, zeros: number, allocated: number, index: number): L2Kind {
  if (high & COMPRESSED) return 'packed'
  if ((zeros >>> index) & 1) return 'zero'
  return (allocated >>> index) & 1 ? 'data' : 'hole'
}

/** Whether an entry names a host cluster. In a data file, offset 0 is one where bit 63 is set (section "Standard Cluster Descriptor"). */
export function hasHost(high: number, low: number, external: boolean): boolean {
  return hostOf(high, low) !== 0 || (external && isExclusive(high))
}

/** The host offset in an L1 entry or a standard L2 entry; 0 for none. */
export function hostOf(high: number, low: number): number {
  return (high & HOST_HIGH) * TWO_32 + ((low & HOST_LOW) >>> 0)
}

/** Bit 63: the reference count of what the entry points at is exactly 1, so it may be written in place. */
export function isExclusive(high: number): boolean {
  return (high & COPIED) !== 0
}

/** The high word with bit 63 set or cleared. */
export function withExclusive(high: number, exclusive: boolean): number {
  return (exclusive ? high | COPIED : high & ~COPIED) >>> 0
}

/** Takes an entry apart. `zeros` and `allocated` are the words behind an extended one. */
export function decodeL2(high: number, low: number, geometry: Geometry, zeros = 0, allocated = 0): L2Entry {
  const { extendedL2, external } = geometry
  const host = hasHost(high, low, external) ? hostOf(high, low) : undefined
  if (high & COMPRESSED) return { is: 'packed', ...packedAt(high, low, geometry) }
  if (extendedL2) return splitEntry(host, isExclusive(high), allocated, zeros)
  if (low & ZERO) return { is: 'zero', host, exclusive: isExclusive(high) }
  return host === undefined ? { is: 'hole' } : { is: 'data', host, exclusive: isExclusive(high) }
}

/** The plainest entry that says of each subcluster what the masks say. */
function splitEntry(host: number | undefined, exclusive: boolean, allocated: number, zeros: number): L2Entry {
  if (host !== undefined && allocated >>> 0 === EVERY && zeros === 0) return { is: 'data', host, exclusive }
  if (zeros >>> 0 === EVERY && allocated === 0) return { is: 'zero', host, exclusive }
  if (host === undefined && allocated === 0 && zeros === 0) return { is: 'hole' }
  return { is: 'split', host, exclusive, allocated: allocated >>> 0, zeros: zeros >>> 0 }
}

/** The subcluster masks of an entry that is not packed. */
export function masksOf(entry: Exclude<L2Entry, { is: 'packed' }>): { allocated: number; zeros: number } {
  if (entry.is === 'split') return entry
  return { allocated: entry.is === 'data' ? EVERY : 0, zeros: entry.is === 'zero' ? EVERY : 0 }
}

/** Whether bytes of the guest lie in the cluster of an entry. */
export function carries(entry: L2Entry): boolean {
  return entry.is === 'packed' || entry.is === 'data' || (entry.is === 'split' && entry.allocated !== 0)
}

/** What becomes of `entry` when its bytes `[from, to)`, whole subclusters, are written at that place in the host cluster `host`, its own alone. */
export function withData(entry: L2Entry, host: number, from: number, to: number, geometry: Geometry): L2Entry {
  if (to - from >= geometry.clusterSize || entry.is === 'packed') return { is: 'data', host, exclusive: true }
  const mask = subclusterMask(from, to, geometry)
  const { allocated, zeros } = masksOf(entry)
  return splitEntry(host, true, allocated | mask, zeros & ~mask)
}

/**
 * What becomes of `entry`, not packed, when its bytes `[from, to)`, whole subclusters, are to read as zeros. It keeps its host cluster as long as
 * other subclusters lie there.
 */
export function withZeros(entry: Exclude<L2Entry, { is: 'packed' }>, from: number, to: number, geometry: Geometry): L2Entry {
  const mask = subclusterMask(from, to, geometry)
  const masks = masksOf(entry)
  const allocated = masks.allocated & ~mask
  const kept = entry.is !== 'hole' && allocated !== 0
  return splitEntry(kept ? entry.host : undefined, kept && entry.exclusive, allocated, masks.zeros | mask)
}

/** The bits of the subclusters in bytes `[from, to)` of a cluster. */
function subclusterMask(from: number, to: number, { subclusterSize }: Geometry): number {
  const first = Math.floor(from / subclusterSize)
  const count = Math.ceil(to / subclusterSize) - first
  return count >= 32 ? EVERY : ((2 ** count - 1) << first) >>> 0
}

/** Section "Compressed Clusters Descriptor": the offset takes x = 62 − (cluster_bits − 8) bits, the sector count what is left up to bit 61. */
function packedAt(high: number, low: number, geometry: Geometry): { host: number; length: number } {
  const offsetBits = 70 - geometry.clusterBits - 32
  const host = (high & (2 ** offsetBits - 1)) * TWO_32 + low
  const sectors = ((high & ~(COPIED | COMPRESSED)) >>> offsetBits) + 1
  return { host, length: sectors * 512 - (host % 512) }
}

/** Largest host offset, exclusive, that a compressed entry can name. */
export function packedLimit(geometry: Geometry): number {
  return 2 ** Math.min(56, 70 - geometry.clusterBits)
}

/** Writes an entry at byte `at` of a table. */
export function putL2(view: DataView, at: number, entry: L2Entry, geometry: Geometry): void {
  if (geometry.extendedL2) {
    const { allocated, zeros } = entry.is === 'packed' ? { allocated: 0, zeros: 0 } : masksOf(entry)
    putWords(view, at + 8, zeros, allocated)
  }
  switch (entry.is) {
    case 'hole':
      return putWords(view, at, 0, 0)
    case 'zero':
    case 'split': {
      const flag = geometry.extendedL2 ? 0 : ZERO
      return entry.host === undefined ? putWords(view, at, 0, flag) : putHost(view, at, entry.host, entry.exclusive, flag)
    }
    case 'data':
      return putHost(view, at, entry.host, entry.exclusive, 0)
    case 'packed': {
      const offsetBits = 70 - geometry.clusterBits - 32
      const sectors = Math.ceil(((entry.host % 512) + entry.length) / 512) - 1
      const high = Math.floor(entry.host / TWO_32) + sectors * 2 ** offsetBits
      return putWords(view, at, high | COMPRESSED, entry.host % TWO_32)
    }
  }
}

/** Writes an L1 entry: the L2 table at `host`, or 0 for none. */
export function putL1(view: DataView, at: number, host: number): void {
  if (host === 0) putWords(view, at, 0, 0)
  else putHost(view, at, host, true, 0)
}

function putHost(view: DataView, at: number, host: number, exclusive: boolean, flags: number): void {
  putWords(view, at, Math.floor(host / TWO_32) | (exclusive ? COPIED : 0), (host % TWO_32) + flags)
}

function putWords(view: DataView, at: number, high: number, low: number): void {
  view.setUint32(at, high >>> 0)
  view.setUint32(at + 4, low >>> 0)
}

/** What is impossible about an L2 entry, in words, or undefined where nothing is. `zeros` and `allocated` are the words behind an extended one. */
export function l2Fault(high: number, low: number, geometry: Geometry, zeros = 0, allocated = 0): string | undefined {
  if (high & COMPRESSED) {
    if (high & COPIED) return 'a compressed cluster is marked as exclusively owned'
    return (zeros | allocated) !== 0 ? 'a compressed cluster has subclusters' : undefined
  }
  if (high & RESERVED_HIGH || low & RESERVED_LOW) return 'reserved bits are set'
  if (low & ZERO && geometry.version === 2) return 'the zero flag is set, which version 2 does not have'
  if ((low & HOST_LOW & (geometry.clusterSize - 1)) !== 0) return 'the host offset is not on a cluster boundary'
  if ((zeros & allocated) !== 0) return 'a subcluster is both allocated and zero'
  if (allocated !== 0 && !hasHost(high, low, geometry.external)) return 'a subcluster is allocated, but no cluster is'
  return undefined
}

/** What is impossible about an L1 entry, in words, or undefined where nothing is. */
export function l1Fault(high: number, low: number, geometry: Geometry): string | undefined {
  if (high & (RESERVED_HIGH | COMPRESSED) || low & (RESERVED_LOW | ZERO)) return 'reserved bits are set'
  if ((low & HOST_LOW & (geometry.clusterSize - 1)) !== 0) return 'the L2 table is not on a cluster boundary'
  return undefined
}
