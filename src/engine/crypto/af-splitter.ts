import { viewOf } from '../base/bytes.ts'
import { type CryptoProvider, HASH_BYTES, type HashName } from './crypto-provider.ts'

/**
 * Spreads a key over `stripes` times its length, so that it is lost when any bit of that is (LUKS On-Disk Format Specification, 2.4).
 * The caller overwrites the result.
 */
export function afSplit(key: Uint8Array, stripes: number, hash: HashName, crypto: CryptoProvider): Uint8Array {
  const split = new Uint8Array(key.length * stripes)
  const last = split.length - key.length
  const noise = crypto.randomBytes(last)
  split.set(noise)
  noise.fill(0)
  const sum = summed(split, key.length, last, hash, crypto)
  for (let i = 0; i < key.length; i++) split[last + i] = sum[i]! ^ key[i]!
  sum.fill(0)
  return split
}

/** The key of `length` bytes that was split. The caller overwrites it. */
export function afMerge(split: Uint8Array, length: number, stripes: number, hash: HashName, crypto: CryptoProvider): Uint8Array {
  const last = length * (stripes - 1)
  const key = summed(split, length, last, hash, crypto)
  for (let i = 0; i < length; i++) key[i] = key[i]! ^ split[last + i]!
  return key
}

/** All stripes before byte `last`, each added and then diffused. */
function summed(split: Uint8Array, length: number, last: number, hash: HashName, crypto: CryptoProvider): Uint8Array {
  const sum = new Uint8Array(length)
  for (let at = 0; at < last; at += length) {
    for (let i = 0; i < length; i++) sum[i] = sum[i]! ^ split[at + i]!
    diffuse(sum, hash, crypto)
  }
  return sum
}

/** Hashes `bytes` piece by piece, each behind its number, so that every bit depends on every other of its piece. */
function diffuse(bytes: Uint8Array, hash: HashName, crypto: CryptoProvider): void {
  for (let at = 0, piece = 0; at < bytes.length; at += HASH_BYTES[hash], piece++) {
    const part = bytes.subarray(at, at + HASH_BYTES[hash])
    const numbered = new Uint8Array(4 + part.length)
    viewOf(numbered).setUint32(0, piece)
    numbered.set(part, 4)
    const digest = crypto.hash(hash, numbered)
    part.set(digest.subarray(0, part.length))
    numbered.fill(0)
    digest.fill(0)
  }
}
