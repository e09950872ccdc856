import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider, HashName } from './crypto-provider.ts'
import { BLOCK_WORDS, bytesOfWords } from './sector-mode.ts'

const TWO_32 = 2 ** 32

/** Makes the initialisation vectors of sectors out of their numbers. */
export interface IvGenerator {
  /** Fills `ivs`, a block for each sector from `sector` on. */
  fill(sector: number, ivs: Int32Array): void
  /** Overwrites the key, where it has one. */
  wipe(): void
}

/** The sector's number in 64 bits, little-endian, then zeros. */
export const plain64: IvGenerator = {
  fill(sector, ivs) {
    ivs.fill(0)
    for (let at = 0; at < ivs.length; at += BLOCK_WORDS, sector++) {
      ivs[at] = sector % TWO_32
      ivs[at + 1] = Math.floor(sector / TWO_32)
    }
  },
  wipe() {},
}

/** Like `plain64`, but the number is cut to 32 bits: from 2 TiB on the vectors repeat. */
export const plain: IvGenerator = {
  fill(sector, ivs) {
    ivs.fill(0)
    for (let at = 0; at < ivs.length; at += BLOCK_WORDS, sector++) ivs[at] = sector % TWO_32
  },
  wipe() {},
}

/** The vectors of `plain64`, encrypted with AES under the hash of the sectors' key: nobody without the key can tell them. */
export class Essiv implements IvGenerator {
  readonly #blocks: BlockCipher

  /** The hash's length must be that of an AES key. */
  constructor(key: Uint8Array, hash: HashName, crypto: CryptoProvider) {
    const salt = crypto.hash(hash, key)
    this.#blocks = crypto.aes(salt)
    salt.fill(0)
  }

  fill(sector: number, ivs: Int32Array): void {
    plain64.fill(sector, ivs)
    this.#blocks.encrypt(bytesOfWords(ivs))
  }

  wipe(): void {
    this.#blocks.wipe()
  }
}
