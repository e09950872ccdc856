import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import { BLOCK_WORDS, bytesOfWords, Scratch, SECTOR_WORDS, type SectorMode } from './sector-mode.ts'

/** CBC, each sector a chain of its own. */
export class Cbc implements SectorMode {
  readonly #blocks: BlockCipher
  readonly #scratch = new Scratch()

  constructor(key: Uint8Array, crypto: CryptoProvider) {
    this.#blocks = crypto.aes(key)
  }

  /** A block needs the one before it, so the chains of all sectors are walked side by side, a block of each at a time. */
  encrypt(data: Int32Array, ivs: Int32Array): void {
    const column = bytesOfWords(ivs)
    for (let block = 0; block < SECTOR_WORDS; block += BLOCK_WORDS) {
      for (let at = block, i = 0; at < data.length; at += SECTOR_WORDS, i += BLOCK_WORDS)
        for (let word = 0; word < BLOCK_WORDS; word++) ivs[i + word] = ivs[i + word]! ^ data[at + word]!
      this.#blocks.encrypt(column)
      for (let at = block, i = 0; at < data.length; at += SECTOR_WORDS, i += BLOCK_WORDS)
        for (let word = 0; word < BLOCK_WORDS; word++) data[at + word] = ivs[i + word]!
    }
  }

  decrypt(data: Int32Array, ivs: Int32Array): void {
    const sealed = this.#scratch.of(data.length)
    sealed.set(data)
    this.#blocks.decrypt(bytesOfWords(data))
    for (let sector = 0, iv = 0; sector < data.length; sector += SECTOR_WORDS, iv += BLOCK_WORDS) {
      for (let word = 0; word < BLOCK_WORDS; word++) data[sector + word] = data[sector + word]! ^ ivs[iv + word]!
      for (let word = sector + BLOCK_WORDS; word < sector + SECTOR_WORDS; word++) data[word] = data[word]! ^ sealed[word - BLOCK_WORDS]!
    }
  }

  wipe(): void {
    this.#blocks.wipe()
  }
}
