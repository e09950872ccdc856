import type { Storage } from './storage.ts'

/**
 * What of a file is written. The end of the run found last is remembered: finding it costs some file systems as much as reading up to it.
 * What became a hole since may still count as written.
 */
export class WrittenRuns {
  readonly #storage: Storage
  #at = 0
  #end = 0

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** Whether the byte at `at` is written, and how far past it, at most `max` bytes, the same goes on. What the file lacks is not written. */
  run(at: number, max: number): { length: number; written: boolean } {
    const { size } = this.#storage
    if (at >= size) return { length: max, written: false }
    if (at < this.#at || at >= this.#end)
      for (const run of this.#storage.extents(at, size - at)) {
        if (run.hole) return { length: Math.min(max, run.length), written: false }
        this.#at = at
        this.#end = at + run.length
        break
      }
    return { length: Math.min(max, this.#end - at), written: true }
  }

  /** How many bytes of a range are written. */
  bytes(at: number, length: number): number {
    let bytes = 0
    for (let done = 0; done < length;) {
      const run = this.run(at + done, length - done)
      if (run.written) bytes += run.length
      done += run.length
    }
    return bytes
  }
}
