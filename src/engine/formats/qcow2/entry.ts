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

/** An L2 entry taken apart. Host offsets and lengths in bytes. */
export type L2Entry =
  | { is: 'hole' }
  | { is: 'zero'; host: number | undefined; exclusive: boolean }
  | { is: 'data'; host: number; exclusive: boolean }
  /** `length` reaches to the end of the last 512-byte sector that the entry claims */
  | { is: 'packed'; host: number; length: number }

export function kindOf(high: number, low: number): L2Kind {
  if (high & COMPRESSED) return 'packed'
  if (low & ZERO) return 'zero'
  return hostOf(high, low) === 0 ? 'hole' : 'data'
}

/** The host offset in an L1 entry or a standard L2 entry; 0 for none. */
export function hostOf(high: number, low: number): number {
  return (high & HOST_HIGH) * TWO_32 + ((low & HOST_LOW) >>> 0)
}

/** Bit 63: the reference count of what the entry points at is exactly 1, so it may be written in place. */
export function isExclusive(high: number): boolean {
  return (high & COPIED) !== 0
}

export function decodeL2(high: number, low: number, geometry: Geometry): L2Entry {
  switch (kindOf(high, low)) {
    case 'hole':
      return { is: 'hole' }
    case 'zero':
      return { is: 'zero', host: hostOf(high, low) || undefined, exclusive: isExclusive(high) }
    case 'data':
      return { is: 'data', host: hostOf(high, low), exclusive: isExclusive(high) }
    case 'packed':
      return { is: 'packed', ...packedAt(high, low, geometry) }
  }
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
  switch (entry.is) {
    case 'hole':
      return putWords(view, at, 0, 0)
    case 'zero':
      return entry.host === undefined ? putWords(view, at, 0, ZERO) : putHost(view, at, entry.host, entry.exclusive, ZERO)
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

/** What is impossible about a standard or compressed L2 entry, in words, or undefined where nothing is. */
export function l2Fault(high: number, low: number, geometry: Geometry): string | undefined {
  if (high & COMPRESSED) return high & COPIED ? 'a compressed cluster is marked as exclusively owned' : undefined
  if (high & RESERVED_HIGH || low & RESERVED_LOW) return 'reserved bits are set'
  if (low & ZERO && geometry.version === 2) return 'the zero flag is set, which version 2 does not have'
  if ((low & HOST_LOW & (geometry.clusterSize - 1)) !== 0) return 'the host offset is not on a cluster boundary'
  return undefined
}

/** What is impossible about an L1 entry, in words, or undefined where nothing is. */
export function l1Fault(high: number, low: number, geometry: Geometry): string | undefined {
  if (high & (RESERVED_HIGH | COMPRESSED) || low & (RESERVED_LOW | ZERO)) return 'reserved bits are set'
  if ((low & HOST_LOW & (geometry.clusterSize - 1)) !== 0) return 'the L2 table is not on a cluster boundary'
  return undefined
}
