import type { IvGenerator } from './ivgen.ts'
import { SECTOR, type SectorCipher } from './sector-cipher.ts'
import { BLOCK_WORDS, bytesOfWords, SECTOR_WORDS, type SectorMode } from './sector-mode.ts'

/** Sectors that are worked on at once: enough for the calls not to count, little enough to stay in the processor's cache. */
const BATCH = 128

/** A mode of operation and a generator of vectors, as one cipher. Bytes go through aligned memory of its own, as they may lie anywhere. */
export class ModeCipher implements SectorCipher {
  readonly #mode: SectorMode
  readonly #vectors: IvGenerator
  readonly #data = new Int32Array(BATCH * SECTOR_WORDS)
  readonly #ivs = new Int32Array(BATCH * BLOCK_WORDS)

  constructor(mode: SectorMode, vectors: IvGenerator) {
    this.#mode = mode
    this.#vectors = vectors
  }

  encrypt(sector: number, bytes: Uint8Array): void {
    this.#run(sector, bytes, (data, ivs) => this.#mode.encrypt(data, ivs))
  }

  decrypt(sector: number, bytes: Uint8Array): void {
    this.#run(sector, bytes, (data, ivs) => this.#mode.decrypt(data, ivs))
  }

  wipe(): void {
    this.#mode.wipe()
    this.#vectors.wipe()
    this.#data.fill(0)
    this.#ivs.fill(0)
  }

  #run(sector: number, bytes: Uint8Array, step: (data: Int32Array, ivs: Int32Array) => void): void {
    if (bytes.length % SECTOR !== 0) throw new RangeError(`${bytes.length} bytes are not whole sectors`)
    for (let at = 0; at < bytes.length; at += BATCH * SECTOR) {
      const piece = bytes.subarray(at, at + BATCH * SECTOR)
      const sectors = piece.length / SECTOR
      const data = this.#data.subarray(0, sectors * SECTOR_WORDS)
      const ivs = this.#ivs.subarray(0, sectors * BLOCK_WORDS)
      const aligned = bytesOfWords(data)
      aligned.set(piece)
      this.#vectors.fill(sector + at / SECTOR, ivs)
      step(data, ivs)
      piece.set(aligned)
    }
  }
}
