import { BLOCK } from './block-cipher.ts'
import { SECTOR } from './sector-cipher.ts'

/** 32-bit words of a block and of a sector. */
export const BLOCK_WORDS = BLOCK / 4
export const SECTOR_WORDS = SECTOR / 4

/**
 * A mode of operation over many sectors at a time: `data` holds whole sectors and `ivs` a block for each of them, which the mode may
 * overwrite. Data is changed in place. Words are signed, as the
 * machine computes them fastest, and in its order, which is little-endian on all that Strata runs on.
 */
export interface SectorMode {
  encrypt(data: Int32Array, ivs: Int32Array): void
  decrypt(data: Int32Array, ivs: Int32Array): void
  /** Overwrites the keys. */
  wipe(): void
}

/** The same memory as bytes. */
export function bytesOfWords(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** `into ^= from`, whole blocks. A block a step takes less than half the time of a word a step. */
export function xorBlocks(into: Int32Array, from: Int32Array): void {
  const words = into.length
  for (let i = 0; i < words; i += BLOCK_WORDS) {
    into[i] = into[i]! ^ from[i]!
    into[i + 1] = into[i + 1]! ^ from[i + 1]!
    into[i + 2] = into[i + 2]! ^ from[i + 2]!
    into[i + 3] = into[i + 3]! ^ from[i + 3]!
  }
}

/** Working memory that is kept from call to call: at least `words`, cut to them. */
export class Scratch {
  #words = new Int32Array(0)

  of(words: number): Int32Array {
    if (this.#words.length < words) this.#words = new Int32Array(words)
    return this.#words.subarray(0, words)
  }

  wipe(): void {
    this.#words.fill(0)
  }
}
