import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import { BLOCK_WORDS, bytesOfWords, Scratch, SECTOR_WORDS, type SectorMode, xorBlocks } from './sector-mode.ts'

/** x^7 + x^2 + x + 1: what the bit that leaves a tweak at the top comes back as. */
const REDUCTION = 0x87

/**
 * XTS (IEEE 1619) without ciphertext stealing, which whole sectors never need. The first half of the key is of the data, the second of
 * the tweaks.
 */
export class Xts implements SectorMode {
  readonly #data: BlockCipher
  readonly #tweak: BlockCipher
  readonly #scratch = new Scratch()

  constructor(key: Uint8Array, crypto: CryptoProvider) {
    const half = key.length / 2
    this.#data = crypto.aes(key.subarray(0, half))
    this.#tweak = crypto.aes(key.subarray(half))
  }

  encrypt(data: Int32Array, ivs: Int32Array): void {
    const tweaks = this.#whiten(data, ivs)
    this.#data.encrypt(bytesOfWords(data))
    xorBlocks(data, tweaks)
  }

  decrypt(data: Int32Array, ivs: Int32Array): void {
    const tweaks = this.#whiten(data, ivs)
    this.#data.decrypt(bytesOfWords(data))
    xorBlocks(data, tweaks)
  }

  wipe(): void {
    this.#data.wipe()
    this.#tweak.wipe()
    this.#scratch.wipe()
  }

  /**
   * Adds to every block its tweak, and answers with the tweaks: the sector's IV encrypted, then doubled in GF(2^128) from block to block
   * (IEEE 1619, 5.2).
   */
  #whiten(data: Int32Array, ivs: Int32Array): Int32Array {
    this.#tweak.encrypt(bytesOfWords(ivs))
    const words = data.length
    const tweaks = this.#scratch.of(words)
    for (let sector = 0, iv = 0; sector < words; sector += SECTOR_WORDS, iv += BLOCK_WORDS) {
      let a = ivs[iv]!
      let b = ivs[iv + 1]!
      let c = ivs[iv + 2]!
      let d = ivs[iv + 3]!
      for (let at = sector; at < sector + SECTOR_WORDS; at += BLOCK_WORDS) {
        tweaks[at] = a
        tweaks[at + 1] = b
        tweaks[at + 2] = c
        tweaks[at + 3] = d
        data[at] = data[at]! ^ a
        data[at + 1] = data[at + 1]! ^ b
        data[at + 2] = data[at + 2]! ^ c
        data[at + 3] = data[at + 3]! ^ d
        const carry = (d >> 31) & REDUCTION
        d = (d << 1) | (c >>> 31)
        c = (c << 1) | (b >>> 31)
        b = (b << 1) | (a >>> 31)
        a = (a << 1) ^ carry
      }
    }
    return tweaks
  }
}
