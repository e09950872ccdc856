import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import { bytesOfWords, type SectorMode } from './sector-mode.ts'

/** ECB: every block by itself, whatever its place. It shows which blocks are equal; only for images that have it already. */
export class Ecb implements SectorMode {
  readonly #blocks: BlockCipher

  constructor(key: Uint8Array, crypto: CryptoProvider) {
    this.#blocks = crypto.aes(key)
  }

  encrypt(data: Int32Array): void {
    this.#blocks.encrypt(bytesOfWords(data))
  }

  decrypt(data: Int32Array): void {
    this.#blocks.decrypt(bytesOfWords(data))
  }

  wipe(): void {
    this.#blocks.wipe()
  }
}
