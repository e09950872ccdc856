/** A run of a file: bytes `[at, at + length)`, either written or a hole that reads as zeros. */
export interface StorageRun {
  at: number
  length: number
  hole: boolean
}

/**
 * Bytes at offsets: one open file, or something that behaves like one. All offsets and lengths are bytes.
 * Reading or writing a range that is not wholly inside what the method allows throws `OUT_OF_RANGE`; a failed system call
 * throws `IO`, `NO_SPACE` or `DENIED` with the path and offset.
 */
export interface Storage {
  /** the file's name, for errors */
  readonly path: string
  readonly size: number
  readonly writable: boolean
  /** Fills `into` from offset `at`; the range must lie inside `size`. */
  readAt(at: number, into: Uint8Array): void
  /** Writes all of `from` at offset `at`, growing the file where it must. */
  writeAt(at: number, from: Uint8Array): void
  /** Makes a range read as zeros, as a hole where the file system can; grows the file where it must. */
  zeroAt(at: number, length: number): void
  /**
   * Like `zeroAt`, but with all the room of the range taken from the file system: set aside, where it can, or with `written` as zeros that are
   * really written. A storage that has no such thing as room does what `zeroAt` does.
   */
  allocateAt(at: number, length: number, written: boolean): void
  /** The runs that cover the range in order; a storage that can't tell answers with one run of data. */
  extents(at: number, length: number): Iterable<StorageRun>
  truncate(size: number): void
  /** Returns when all that was written is on stable storage. */
  flush(): void
  close(): void
}

/**
 * Reads like `readAt`, but what lies past the end reads as zeros: the last cluster of an image may be cut short, and a disk below an overlay shorter than that.
 */
export function readPadded(storage: Pick<Storage, 'size' | 'readAt'>, at: number, into: Uint8Array): void {
  const there = Math.max(0, Math.min(into.length, storage.size - at))
  if (there > 0) storage.readAt(at, into.subarray(0, there))
  into.fill(0, there)
}
