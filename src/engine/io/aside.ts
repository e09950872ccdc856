import { StrataError } from '../../shared/errors.ts'
import { assertInside, assertWritable } from './range.ts'
import { StorageDecorator } from './storage-decorator.ts'
import type { Storage, StorageRun } from './storage.ts'

/** Bytes that are kept as one. */
const PAGE = 4096
/** Bytes kept at most, unless said otherwise: a trial changes tables, not what the tables lead to. */
const MOST_BYTES = 512 * 2 ** 20
/** Stands for every page of zeros; never written to. */
const ZEROS = new Uint8Array(PAGE)

/**
 * Takes changes without making them: they are kept in memory, before a storage that is only read. So work on a file can be tried and nobody
 * else sees it. Throws `NO_SPACE` when more is written than a trial may keep.
 */
export class AsideStorage extends StorageDecorator {
  readonly #mostPages: number
  readonly #pages = new Map<number, Uint8Array>()
  #kept = 0
  #size: number
  /** what lies past it in the inner storage was cut off, and reads as zeros should the size grow again */
  #innerEnd: number

  constructor(inner: Storage, mostBytes = MOST_BYTES) {
    super(inner)
    this.#mostPages = Math.floor(mostBytes / PAGE)
    this.#size = this.#innerEnd = inner.size
  }

  override get writable(): boolean {
    return true
  }

  override get size(): number {
    return this.#size
  }

  override readAt(at: number, into: Uint8Array): void {
    assertInside(this, at, into.length)
    this.#readInner(at, into)
    if (this.#pages.size === 0) return
    const end = at + into.length
    for (let page = Math.floor(at / PAGE); page * PAGE < end; page++) {
      const bytes = this.#pages.get(page)
      if (!bytes) continue
      const from = Math.max(at, page * PAGE)
      into.set(bytes.subarray(from - page * PAGE, Math.min(end, (page + 1) * PAGE) - page * PAGE), from - at)
    }
  }

  override writeAt(at: number, from: Uint8Array): void {
    assertWritable(this, at, from.length)
    for (let done = 0; done < from.length;) {
      const page = Math.floor((at + done) / PAGE)
      const start = at + done - page * PAGE
      const length = Math.min(PAGE - start, from.length - done)
      this.#changing(page).set(from.subarray(done, done + length), start)
      done += length
    }
    if (from.length > 0) this.#size = Math.max(this.#size, at + from.length)
  }

  override zeroAt(at: number, length: number): void {
    assertWritable(this, at, length)
    const end = at + length
    for (let from = at; from < end;) {
      const page = Math.floor(from / PAGE)
      const to = Math.min(end, (page + 1) * PAGE)
      if (to - from === PAGE) this.#put(page, ZEROS)
      else this.#changing(page).fill(0, from - page * PAGE, to - page * PAGE)
      from = to
    }
    if (length > 0) this.#size = Math.max(this.#size, end)
  }

  override allocateAt(at: number, length: number): void {
    this.zeroAt(at, length)
  }

  override extents(at: number, length: number): Iterable<StorageRun> {
    assertInside(this, at, length)
    return length === 0 ? [] : [{ at, length, hole: false }]
  }

  override truncate(size: number): void {
    assertWritable(this, size)
    if (size < this.#size) {
      const last = Math.floor(size / PAGE)
      for (const page of this.#pages.keys()) if (page > last) this.#put(page, ZEROS)
      if (this.#pages.has(last)) this.#changing(last).fill(0, size - last * PAGE)
      this.#innerEnd = Math.min(this.#innerEnd, size)
    }
    this.#size = size
  }

  override flush(): void {}

  #readInner(at: number, into: Uint8Array): void {
    const there = Math.max(0, Math.min(into.length, this.#innerEnd - at))
    if (there > 0) this.inner.readAt(at, into.subarray(0, there))
    into.fill(0, there)
  }

  /** The bytes of a page, to be written to. */
  #changing(page: number): Uint8Array {
    const old = this.#pages.get(page)
    if (old && old !== ZEROS) return old
    const bytes = new Uint8Array(PAGE)
    if (!old) this.#readInner(page * PAGE, bytes)
    this.#put(page, bytes)
    return bytes
  }

  #put(page: number, bytes: Uint8Array): void {
    const old = this.#pages.get(page)
    if (old && old !== ZEROS) this.#kept--
    if (bytes !== ZEROS && ++this.#kept > this.#mostPages)
      throw new StrataError('NO_SPACE', 'More would change than a trial can keep in memory', { path: this.path }, 'Do it without a trial.')
    this.#pages.set(page, bytes)
  }
}
