import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { StrataError } from '../../shared/errors.ts'
import { system } from './errno.node.ts'
import { fileRuns, sparse } from './sparse.node.ts'
import type { Storage, StorageRun } from './storage.ts'

/** Zeros are written in pieces of this many bytes where no hole can be made. */
const ZEROS = new Uint8Array(2 ** 20)

/** An open file, regular or a block device. The size is kept here: one handle owns the file while it is written. */
export class FileStorage implements Storage {
  readonly path: string
  readonly writable: boolean
  readonly #fd: number
  #size: number
  #open = true
  /** the run found last, since callers ask for one run after the other */
  #run: StorageRun | undefined

  constructor(path: string, fd: number, writable: boolean) {
    this.path = path
    this.writable = writable
    this.#fd = fd
    this.#size = system({ path }, () => (fstatSync(fd).isBlockDevice() ? deviceSize(fd) : fstatSync(fd).size))
  }

  get size(): number {
    return this.#size
  }

  readAt(at: number, into: Uint8Array): void {
    if (at < 0 || at + into.length > this.#size) throw this.#outOfRange(at, into.length)
    for (let done = 0; done < into.length; ) {
      const read = system({ path: this.path, offset: at + done }, () => readSync(this.#fd, into, done, into.length - done, at + done))
      if (read === 0) throw new StrataError('IO', 'The file became shorter while it was read', { path: this.path, offset: at + done })
      done += read
    }
  }

  writeAt(at: number, from: Uint8Array): void {
    this.#assertWritable(at)
    for (let done = 0; done < from.length; )
      done += system({ path: this.path, offset: at + done }, () => writeSync(this.#fd, from, done, from.length - done, at + done))
    this.#run = undefined
    this.#size = Math.max(this.#size, at + from.length)
  }

  zeroAt(at: number, length: number): void {
    this.#assertWritable(at)
    const inside = Math.max(0, Math.min(length, this.#size - at))
    if (inside > 0 && !sparse?.punch(this.#fd, at, inside))
      for (let done = 0; done < inside; done += ZEROS.length) this.writeAt(at + done, ZEROS.subarray(0, Math.min(ZEROS.length, inside - done)))
    this.#run = undefined
    if (at + length > this.#size) this.truncate(at + length)
  }

  *extents(at: number, length: number): Generator<StorageRun> {
    if (at < 0 || at + length > this.#size) throw this.#outOfRange(at, length)
    if (!sparse) return yield { at, length, hole: false }
    for (let pos = at; pos < at + length; ) {
      if (!this.#run || pos < this.#run.at || pos >= this.#run.at + this.#run.length)
        this.#run = fileRuns(sparse, this.#fd, pos, this.#size - pos).next().value ?? undefined
      if (!this.#run) return
      const end = Math.min(at + length, this.#run.at + this.#run.length)
      yield { at: pos, length: end - pos, hole: this.#run.hole }
      pos = end
    }
  }

  truncate(size: number): void {
    this.#assertWritable(size)
    system({ path: this.path, offset: size }, () => ftruncateSync(this.#fd, size))
    this.#run = undefined
    this.#size = size
  }

  flush(): void {
    if (this.writable) system({ path: this.path }, () => fdatasyncSync(this.#fd))
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    system({ path: this.path }, () => closeSync(this.#fd))
  }

  #assertWritable(offset: number): void {
    if (!this.writable) throw new StrataError('READ_ONLY', 'The file was opened for reading only', { path: this.path, offset })
  }

  #outOfRange(at: number, length: number): StrataError {
    return new StrataError('OUT_OF_RANGE', `Bytes ${at} to ${at + length} are not in a file of ${this.#size} bytes`, { path: this.path, offset: at })
  }
}

/** A block device tells no size through `stat`: the last byte that can be read is searched, by doubling and then by halving. */
function deviceSize(fd: number): number {
  const byte = new Uint8Array(1)
  const readable = (at: number): boolean => {
    try {
      return readSync(fd, byte, 0, 1, at) === 1
    } catch {
      return false
    }
  }
  if (!readable(0)) return 0
  let low = 0
  let high = 512
  while (readable(high)) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (readable(middle)) low = middle
    else high = middle
  }
  return high
}
