import { isPacked, packedPlace } from './entry-faults.ts'
import { hasHost, hostOf, l1Fault } from './entry.ts'
import type { Geometry } from './geometry.ts'

/** The words of an L2 entry; `zeros` and `allocated` are 0 unless it is extended. */
export interface L2Words {
  high: number
  low: number
  zeros: number
  allocated: number
}

/** What decides what an entry can be. */
export interface EntryPlace {
  geometry: Geometry
  /** guest offset of the cluster */
  guest: number
  /** bytes of the image file */
  fileSize: number
  /** host offset of a cluster of zeros, for what reads as zeros and can't be said in another way; absent where there is none */
  zeros: number | undefined
}

const COPIED = 0x80000000
const COMPRESSED = 0x40000000
const RESERVED_HIGH = 0x3f000000
const RESERVED_LOW = 0x1fe
const ZERO = 1

/**
 * What an L2 entry becomes in a repair: the same where nothing is impossible about it. What can be read stays readable with the same bytes;
 * an entry that leads to no bytes reads as zeros from then on, or in version 2 as a hole.
 */
export function mendedL2(words: L2Words, place: EntryPlace): L2Words {
  return isPacked(words.high) ? mendedPacked(words, place) : mendedPlain(words, place)
}

function mendedPacked({ high, low }: L2Words, { geometry, guest, fileSize }: EntryPlace): L2Words {
  // A data file holds no compressed cluster; what it holds at the guest's own offset is the best there is.
  if (geometry.external) return { ...at(guest), zeros: 0, allocated: geometry.extendedL2 ? 0xffffffff : 0 }
  const { host, length } = packedPlace(high, low, geometry)
  if (host + length - fileSize >= geometry.clusterSize) return empty(geometry)
  return { high: (high & ~COPIED) >>> 0, low, zeros: 0, allocated: 0 }
}

function mendedPlain(words: L2Words, { geometry, guest, fileSize, zeros: zeroCluster }: EntryPlace): L2Words {
  const { clusterSize, external, extendedL2, version } = geometry
  const reserved = version === 2 ? RESERVED_LOW | ZERO : RESERVED_LOW
  let high = (words.high & ~RESERVED_HIGH) >>> 0
  let low = (words.low & ~reserved) >>> 0
  let { zeros, allocated } = words
  if (external && hasHost(high, low, true)) {
    const flag = low & ZERO
    ;({ high, low } = at(guest))
    low |= flag
  }
  const host = hostOf(high, low)
  const readable = external ? hasHost(high, low, true) : host > 0 && host % clusterSize === 0 && host < fileSize
  if (extendedL2) {
    if (!readable) zeros = (zeros | allocated) >>> 0
    allocated = readable ? (allocated & ~zeros) >>> 0 : 0
  }
  if (readable || host === 0) return { high, low, zeros, allocated }
  if (extendedL2) return { high: 0, low: 0, zeros, allocated }
  // Bytes past the end of the file read as zeros. Others may come to share the cluster, so it is nobody's own.
  if (zeroCluster === undefined || host % clusterSize !== 0) return empty(geometry)
  return { high: Math.floor(zeroCluster / 2 ** 32), low: zeroCluster % 2 ** 32, zeros, allocated }
}

/** An entry of a cluster that belongs to this disk alone. */
function at(host: number): { high: number; low: number } {
  return { high: (Math.floor(host / 2 ** 32) | COPIED) >>> 0, low: host % 2 ** 32 }
}

/** An entry that reads as zeros; version 2 knows none, and has a hole there. */
function empty({ version, extendedL2 }: Geometry): L2Words {
  return { high: 0, low: version === 3 && !extendedL2 ? ZERO : 0, zeros: extendedL2 ? 0xffffffff : 0, allocated: 0 }
}

/** What an L1 entry becomes in a repair: without reserved bits, and nothing where no L2 table can be there. */
export function mendedL1(high: number, low: number, geometry: Geometry, fileSize: number): { high: number; low: number } {
  const kept = { high: (high & ~(RESERVED_HIGH | COMPRESSED)) >>> 0, low: (low & ~(RESERVED_LOW | ZERO)) >>> 0 }
  const host = hostOf(kept.high, kept.low)
  return host === 0 || host >= fileSize || l1Fault(kept.high, kept.low, geometry) !== undefined ? { high: 0, low: 0 } : kept
}
