import { BLOCK, type BlockCipher } from './block-cipher.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import { bytesOfWords, Scratch, type SectorMode, xorBlocks } from './sector-mode.ts'
import { SECTOR } from './sector-cipher.ts'

/** CTR: the IV is the first counter, a big-endian number of 128 bits that goes up by one a block (NIST SP 800-38A, 6.5). */
export class Ctr implements SectorMode {
  readonly #blocks: BlockCipher
  readonly #scratch = new Scratch()

  constructor(key: Uint8Array, crypto: CryptoProvider) {
    this.#blocks = crypto.aes(key)
  }

  encrypt(data: Int32Array, ivs: Int32Array): void {
    const stream = this.#scratch.of(data.length)
    const counters = bytesOfWords(stream)
    const firsts = bytesOfWords(ivs)
    for (let sector = 0, iv = 0; sector < counters.length; sector += SECTOR, iv += BLOCK) {
      counters.set(firsts.subarray(iv, iv + BLOCK), sector)
      for (let at = sector + BLOCK; at < sector + SECTOR; at += BLOCK) putNext(counters, at)
    }
    this.#blocks.encrypt(counters)
    xorBlocks(data, stream)
  }

  decrypt(data: Int32Array, ivs: Int32Array): void {
    this.encrypt(data, ivs)
  }

  wipe(): void {
    this.#blocks.wipe()
    this.#scratch.wipe()
  }
}

/** Puts the counter after the one before `at` there. */
function putNext(counters: Uint8Array, at: number): void {
  counters.copyWithin(at, at - BLOCK, at)
  for (let digit = at + BLOCK - 1; digit >= at; digit--) {
    counters[digit] = counters[digit]! + 1
    if (counters[digit] !== 0) return
  }
}
