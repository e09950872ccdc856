import { hasHost, hostOf, isExclusive, l2Fault } from './entry.ts'
import type { Geometry } from './geometry.ts'

const COMPRESSED = 0x40000000
const EXCLUSIVE_AND_COMPRESSED = 0xc0000000
const SECTOR = 512
/** High word: bits 32–55 of a host offset, and all others but bit 63. */
const HOST_HIGH = 0x00ffffff
const NOT_HOST = 0x7f000000

/** What is impossible about the L2 entry of the cluster at guest offset `guest`, in words, or undefined. Whether it lies in the file is not asked. */
export function entryFault(
  high: number,
  low: number,
  geometry: Geometry,
  zeros: number,
  allocated: number,
  guest: number,
): string | undefined {
  if (geometry.external && isPacked(high)) return 'a cluster is compressed, which an image with a data file cannot have'
  const fault = l2Fault(high, low, geometry, zeros, allocated)
  if (fault !== undefined || !geometry.external || isPacked(high) || !hasHost(high, low, true)) return fault
  if (hostOf(high, low) !== guest) return 'a cluster of the data file does not lie at its own guest offset'
  return isExclusive(high) ? undefined : 'a cluster of the data file is not marked as exclusively owned'
}

/** How to tell that an entry is of a cluster of data below 2^31, and which, with 32-bit operations alone. */
export interface UsualEntry {
  /** bits that must be zero in the high and in the low word, or the entry is of another kind */
  highZero: number
  lowZero: number
  /** the cluster is the high word shifted left, and the low word shifted right */
  highShift: number
  lowShift: number
}

export function usualEntry({ clusterBits, clusterSize }: Geometry): UsualEntry {
  const clusterHigh = 2 ** (clusterBits - 1) - 1
  return {
    highZero: NOT_HOST | (HOST_HIGH & ~clusterHigh),
    lowZero: clusterSize - 1,
    highShift: 32 - clusterBits,
    lowShift: clusterBits,
  }
}

export function isPacked(high: number): boolean {
  return (high & COMPRESSED) !== 0
}

/** The whole sectors that a compressed entry refers to (section "Compressed Clusters Descriptor"), in bytes. */
export function packedPlace(high: number, low: number, geometry: Geometry): { host: number; length: number } {
  const offsetBits = 38 - geometry.clusterBits
  const offset = (high & (2 ** offsetBits - 1)) * 2 ** 32 + low
  const sectors = ((high & ~EXCLUSIVE_AND_COMPRESSED) >>> offsetBits) + 1
  return { host: offset - (offset % SECTOR), length: sectors * SECTOR }
}
