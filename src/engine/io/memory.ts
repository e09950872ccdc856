import { assertInside, assertWritable } from './range.ts'
import type { Storage, StorageRun } from './storage.ts'

/** Bytes of a page: what is set aside, and told as a hole, as one. */
const PAGE = 4096

/**
 * A file held in memory. Only pages that were written take room, so a huge empty file costs nothing. A clone shares its pages with
 * the original until one of the two writes to them.
 */
export class MemoryStorage implements Storage {
  readonly path: string
  readonly writable = true
  #size = 0
  #pages = new Map<number, Uint8Array>()
  /** the pages that no clone shares */
  #own = new Set<Uint8Array>()

  constructor(path = 'memory', content?: Uint8Array) {
    this.path = path
    if (content) this.writeAt(0, content)
  }

  get size(): number {
    return this.#size
  }

  /** Bytes of the pages that are set aside. */
  get allocated(): number {
    return this.#pages.size * PAGE
  }

  readAt(at: number, into: Uint8Array): void {
    assertInside(this, at, into.length)
    for (const { page, from, done, length } of pieces(at, into.length)) {
      const bytes = this.#pages.get(page)
      if (bytes) into.set(bytes.subarray(from, from + length), done)
      else into.fill(0, done, done + length)
    }
  }

  writeAt(at: number, from: Uint8Array): void {
    assertWritable(this, at, from.length)
    for (const piece of pieces(at, from.length))
      this.#writablePage(piece.page).set(from.subarray(piece.done, piece.done + piece.length), piece.from)
    this.#grow(at, from.length)
  }

  zeroAt(at: number, length: number): void {
    assertWritable(this, at, length)
    this.#clear(at, Math.min(at + length, this.#size))
    this.#grow(at, length)
  }

  allocateAt(at: number, length: number, written: boolean): void {
    if (!written) return this.zeroAt(at, length)
    const zeros = new Uint8Array(Math.min(length, 2 ** 20))
    for (let done = 0; done < length; done += zeros.length) this.writeAt(at + done, zeros.subarray(0, length - done))
  }

  *extents(at: number, length: number): Generator<StorageRun> {
    assertInside(this, at, length)
    const end = at + length
    for (let start = at; start < end;) {
      const hole = !this.#pages.has(pageOf(start))
      // A file may be all hole and very large: from the second page on the walk is over the pages that are there, not over all that could be.
      let next = (pageOf(start) + 1) * PAGE
      if (hole) next = this.#nextPage(next, end)
      else while (next < end && this.#pages.has(pageOf(next))) next += PAGE
      yield { at: start, length: Math.min(next, end) - start, hole }
      start = next
    }
  }

  truncate(size: number): void {
    assertWritable(this, size)
    if (size < this.#size) this.#clear(size, this.#size)
    this.#size = size
  }

  flush(): void {}

  close(): void {}

  /** A storage of its own with the same bytes. */
  clone(path = this.path): MemoryStorage {
    const copy = new MemoryStorage(path)
    copy.#size = this.#size
    copy.#pages = new Map(this.#pages)
    this.#own.clear()
    return copy
  }

  #grow(at: number, length: number): void {
    if (length > 0) this.#size = Math.max(this.#size, at + length)
  }

  #writablePage(page: number): Uint8Array {
    const old = this.#pages.get(page)
    if (old && this.#own.has(old)) return old
    const fresh = new Uint8Array(PAGE)
    if (old) fresh.set(old)
    this.#pages.set(page, fresh)
    this.#own.add(fresh)
    return fresh
  }

  /** Drops the pages that lie in `[at, end)` and clears the parts of those at its edges; what lies past the end of the file counts as inside. */
  #clear(at: number, end: number): void {
    const touched = (end - at) / PAGE > this.#pages.size ? [...this.#pages.keys()] : undefined
    const clear = (page: number): void => {
      const start = Math.max(at, page * PAGE)
      const stop = Math.min(end, (page + 1) * PAGE)
      const bytes = this.#pages.get(page)
      if (!bytes || start >= stop) return
      if (start === page * PAGE && (stop === (page + 1) * PAGE || stop === this.#size)) {
        this.#pages.delete(page)
        this.#own.delete(bytes)
      } else {
        this.#writablePage(page).fill(0, start - page * PAGE, stop - page * PAGE)
      }
    }
    if (touched) touched.forEach(clear)
    else for (let page = pageOf(at); page * PAGE < end; page++) clear(page)
  }

  /** Offset of the first page from `at` on that is there, or `end`. */
  #nextPage(at: number, end: number): number {
    if ((end - at) / PAGE > this.#pages.size) {
      let first = end
      for (const page of this.#pages.keys()) if (page * PAGE >= at) first = Math.min(first, page * PAGE)
      return first
    }
    let next = at
    while (next < end && !this.#pages.has(pageOf(next))) next += PAGE
    return next
  }
}

function pageOf(at: number): number {
  return Math.floor(at / PAGE)
}

/** A range page by page: the page, where in it the piece starts, how much of the range came before, and the piece's length. */
function* pieces(at: number, length: number): Generator<{ page: number; from: number; done: number; length: number }> {
  for (let done = 0; done < length;) {
    const from = (at + done) % PAGE
    const piece = Math.min(PAGE - from, length - done)
    yield { page: pageOf(at + done), from, done, length: piece }
    done += piece
  }
}
