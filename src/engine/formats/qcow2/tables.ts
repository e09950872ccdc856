import { viewOf } from '../../base/bytes.ts'
import { readPadded, type Storage } from '../../io/storage.ts'

/** A piece of an on-disk table held in memory. */
export interface Slice {
  /** host offset of its first byte */
  readonly at: number
  readonly bytes: Uint8Array
  readonly view: DataView
  /** the same bytes for looking for what is not zero, as the byte order of zeros is no matter */
  readonly words: Int32Array
  /** set by whoever changes `bytes` */
  dirty: boolean
}

/**
 * Keeps the recently used slices of on-disk tables (L2 tables, refcount blocks), at most `maxBytes` of them. What was changed is
 * written by `writeDirty`, in file order; when a changed slice would have to make room, `makeClean` is called first, which must
 * do whatever has to reach the disk before these tables and then call `writeDirty`.
 */
export class TableCache {
  readonly sliceSize: number
  readonly #storage: Storage
  readonly #maxSlices: number
  readonly #makeClean: () => void
  readonly #slices = new Map<number, Slice>()
  readonly #dirty = new Set<Slice>()
  #latest: Slice | undefined

  constructor(storage: Storage, sliceSize: number, maxBytes: number, makeClean: () => void) {
    this.#storage = storage
    this.sliceSize = sliceSize
    this.#maxSlices = Math.max(4, Math.floor(maxBytes / sliceSize))
    this.#makeClean = makeClean
  }

  /** The slice that holds the byte at host offset `at`. Stays valid until the next call. */
  holding(at: number): Slice {
    const start = at - (at % this.sliceSize)
    if (this.#latest?.at === start) return this.#latest
    let slice = this.#slices.get(start)
    if (slice) this.#slices.delete(start)
    else slice = this.#load(start)
    this.#slices.set(start, slice) // last in the map is the most recently used
    this.#latest = slice
    return slice
  }

  /** The same for writing: the slice counts as changed from now on. */
  changing(at: number): Slice {
    const slice = this.holding(at)
    slice.dirty = true
    this.#dirty.add(slice)
    return slice
  }

  get hasDirty(): boolean {
    return this.#dirty.size > 0
  }

  writeDirty(): void {
    for (const slice of [...this.#dirty].sort((a, b) => a.at - b.at)) {
      this.#storage.writeAt(slice.at, slice.bytes)
      slice.dirty = false
      this.#dirty.delete(slice)
    }
  }

  /** Drops what is held of `[at, at + length)`: the clusters there became something else. */
  forget(at: number, length: number): void {
    for (let start = at; start < at + length; start += this.sliceSize) {
      const slice = this.#slices.get(start)
      if (!slice) continue
      this.#slices.delete(start)
      this.#dirty.delete(slice)
      if (this.#latest === slice) this.#latest = undefined
    }
  }

  #load(at: number): Slice {
    this.#makeRoom()
    const bytes = new Uint8Array(this.sliceSize)
    readPadded(this.#storage, at, bytes)
    return { at, bytes, view: viewOf(bytes), words: new Int32Array(bytes.buffer), dirty: false }
  }

  #makeRoom(): void {
    if (this.#slices.size < this.#maxSlices) return
    const oldest = this.#slices.values().next().value
    if (!oldest) return
    if (oldest.dirty) this.#makeClean()
    this.#slices.delete(oldest.at)
  }
}
