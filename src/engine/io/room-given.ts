import { alignDown, alignUp } from '../base/ints.ts'
import type { Storage } from './storage.ts'
import { WrittenRuns } from './written-runs.ts'

/** What most file systems give and take as one, in bytes. */
export const BLOCK = 4096

/** Foretells what a file system gets back where parts of a file become holes: a block comes back when nothing of it is left. */
export class RoomGiven {
  readonly written: WrittenRuns
  /** bytes that are gone of each block of which some are left, by number */
  readonly #parts = new Map<number, number>()

  constructor(storage: Storage) {
    this.written = new WrittenRuns(storage)
    // What would be the rest of the last block is nobody's.
    if (storage.size % BLOCK !== 0) this.#parts.set(Math.floor(storage.size / BLOCK), BLOCK - (storage.size % BLOCK))
  }

  /** Bytes that come back when `[at, at + length)` goes too. To be told of each byte once. */
  give(at: number, length: number): number {
    const end = at + length
    const first = alignUp(at, BLOCK)
    const last = alignDown(end, BLOCK)
    if (first > last) return this.#part(at, length)
    return (last > first ? this.written.bytes(first, last - first) : 0) + this.#part(at, first - at) + this.#part(last, end - last)
  }

  /** Within one block. */
  #part(at: number, length: number): number {
    if (length === 0) return 0
    const block = Math.floor(at / BLOCK)
    const gone = (this.#parts.get(block) ?? 0) + length
    if (gone < BLOCK) {
      this.#parts.set(block, gone)
      return 0
    }
    this.#parts.delete(block)
    return alignUp(this.written.bytes(block * BLOCK, BLOCK), BLOCK)
  }
}
