import { StrataError } from '../../shared/errors.ts'
import { assertInside, assertWritable } from './range.ts'
import type { Storage, StorageRun } from './storage.ts'

/** A range of another storage, as a storage of its own whose size is fixed. Closing it leaves the other one open. */
export class WindowStorage implements Storage {
  readonly size: number
  readonly #inner: Storage
  readonly #start: number

  /** The bytes `[start, start + length)` of `inner`; throws `OUT_OF_RANGE` unless they lie inside it. */
  constructor(inner: Storage, start: number, length: number) {
    assertInside(inner, start, length)
    this.#inner = inner
    this.#start = start
    this.size = length
  }

  get path(): string {
    return this.#inner.path
  }

  get writable(): boolean {
    return this.#inner.writable
  }

  readAt(at: number, into: Uint8Array): void {
    assertInside(this, at, into.length)
    this.#inner.readAt(this.#start + at, into)
  }

  writeAt(at: number, from: Uint8Array): void {
    this.#assertChangeable(at, from.length)
    this.#inner.writeAt(this.#start + at, from)
  }

  zeroAt(at: number, length: number): void {
    this.#assertChangeable(at, length)
    this.#inner.zeroAt(this.#start + at, length)
  }

  allocateAt(at: number, length: number, written: boolean): void {
    this.#assertChangeable(at, length)
    this.#inner.allocateAt(this.#start + at, length, written)
  }

  *extents(at: number, length: number): Generator<StorageRun> {
    assertInside(this, at, length)
    for (const run of this.#inner.extents(this.#start + at, length)) yield { ...run, at: run.at - this.#start }
  }

  /** Throws `OUT_OF_RANGE` for any size but the one it has. */
  truncate(size: number): void {
    assertWritable(this, size)
    if (size !== this.size)
      throw new StrataError('OUT_OF_RANGE', `A part of a file keeps its size of ${this.size} bytes`, {
        path: this.path,
        offset: this.#start,
      })
  }

  flush(): void {
    this.#inner.flush()
  }

  close(): void {}

  #assertChangeable(at: number, length: number): void {
    assertWritable(this, at, length)
    assertInside(this, at, length)
  }
}
