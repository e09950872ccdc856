import { bitRuns, setBits } from './bits.ts'

/** Bits of one chunk. */
const CHUNK_BITS = 2 ** 15
const CHUNK_BYTES = CHUNK_BITS / 8

/** A guest range, in bytes. */
export interface GuestRange {
  at: number
  length: number
}

/**
 * Guest ranges that were marked, in units of `granularity` bytes. Takes memory only around what is marked, and next to none for what is
 * marked as a whole.
 */
export class MarkedRanges {
  readonly granularity: number
  readonly #chunks = new Map<number, Uint8Array | 'all'>()
  #bytes = 0

  constructor(granularity: number) {
    this.granularity = granularity
  }

  get isEmpty(): boolean {
    return this.#chunks.size === 0
  }

  /** How much memory the marks take, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Marks every unit that `[at, at + length)` touches; `length` is more than 0. */
  mark(at: number, length: number): void {
    const end = Math.floor((at + length - 1) / this.granularity) + 1
    for (let bit = Math.floor(at / this.granularity); bit < end;) {
      const chunk = Math.floor(bit / CHUNK_BITS)
      const from = bit - chunk * CHUNK_BITS
      const to = Math.min(CHUNK_BITS, end - chunk * CHUNK_BITS)
      this.#markChunk(chunk, from, to)
      bit += to - from
    }
  }

  #markChunk(index: number, from: number, to: number): void {
    const chunk = this.#chunks.get(index)
    if (chunk === 'all') return
    if (to - from === CHUNK_BITS) {
      this.#chunks.set(index, 'all')
      if (chunk) this.#bytes -= CHUNK_BYTES
    } else if (chunk) setBits(chunk, from, to)
    else {
      const fresh = new Uint8Array(CHUNK_BYTES)
      setBits(fresh, from, to)
      this.#chunks.set(index, fresh)
      this.#bytes += CHUNK_BYTES
    }
  }

  /** What of `[start, end)` is marked, as ranges in order. */
  *within(start: number, end: number): Generator<GuestRange> {
    if (this.isEmpty) return
    const reach = CHUNK_BITS * this.granularity
    for (let index = Math.floor(start / reach); index * reach < end; index++) {
      const chunk = this.#chunks.get(index)
      if (!chunk) continue
      for (const { from, to } of chunk === 'all' ? [{ from: 0, to: CHUNK_BITS }] : bitRuns(chunk, CHUNK_BITS)) {
        const at = Math.max(start, index * reach + from * this.granularity)
        const until = Math.min(end, index * reach + to * this.granularity)
        if (until > at) yield { at, length: until - at }
      }
    }
  }

  clear(): void {
    this.#chunks.clear()
    this.#bytes = 0
  }
}
