import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, type Stats, statSync, writeSync } from 'node:fs'
import { StrataError } from '../../shared/errors.ts'
import { fromErrno, saying } from './errno.node.ts'
import { countThere } from './count-there.ts'
import { assertInside, assertWritable } from './range.ts'
import { sparseCalls } from './sparse.node.ts'
import type { Storage, StorageRun } from './storage.ts'

/** Bytes moved by one system call at most; Linux moves no more than 2 GiB less a page. */
const CALL_BYTES = 2 ** 30
const ZEROS = new Uint8Array(2 ** 20)

/** A block device is measured in sectors of this many bytes. */
const SECTOR = 512

/** An open file or block device. What another program does to the file's size while it is open is not seen. */
export class FileStorage implements Storage {
  readonly path: string
  readonly writable: boolean
  readonly #device: boolean
  #fd: number
  #size: number

  private constructor(path: string, fd: number, writable: boolean) {
    this.path = path
    this.writable = writable
    this.#fd = fd
    const stats = fstatSync(fd)
    assertStorable(path, stats)
    this.#device = stats.isBlockDevice()
    this.#size = this.#device ? deviceSize(fd) : stats.size
  }

  /** Opens a file or block device that is there. Folders, pipes and the like are refused with `INVALID_ARGUMENT`, without waiting for them. */
  static open(path: string, writable: boolean): FileStorage {
    return saying({ path }, () => {
      assertStorable(path, statSync(path))
      // Should a pipe have taken the file's place since, opening it must not wait for the other end.
      const noWait = process.platform === 'win32' ? 0 : constants.O_NONBLOCK
      return FileStorage.#over(path, openSync(path, (writable ? constants.O_RDWR : constants.O_RDONLY) | noWait), writable)
    })
  }

  /** Makes a new, empty file; throws `EXISTS` if there is one. */
  static create(path: string): FileStorage {
    return saying({ path }, () => FileStorage.#over(path, openSync(path, 'wx+'), true))
  }

  static #over(path: string, fd: number, writable: boolean): FileStorage {
    try {
      return new FileStorage(path, fd, writable)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  readAt(at: number, into: Uint8Array): void {
    assertInside(this, at, into.length)
    for (let done = 0; done < into.length;) {
      const got = this.#call(at + done, () => readSync(this.#fd, into, done, Math.min(CALL_BYTES, into.length - done), at + done))
      if (got === 0)
        throw new StrataError('IO', 'The file became shorter while it was open', { path: this.path, offset: at + done }, 'Open it again.')
      done += got
    }
  }

  writeAt(at: number, from: Uint8Array): void {
    this.#assertRoom(at, from.length)
    for (let done = 0; done < from.length;) {
      done += this.#call(at + done, () => writeSync(this.#fd, from, done, Math.min(CALL_BYTES, from.length - done), at + done))
      this.#size = Math.max(this.#size, at + done)
    }
  }

  zeroAt(at: number, length: number): void {
    this.#assertRoom(at, length)
    const end = at + length
    const inside = Math.min(end, this.#size) - at
    if (inside > 0 && !sparseCalls()?.punch(this.#fd, at, inside))
      for (let done = 0; done < inside; done += ZEROS.length) this.writeAt(at + done, ZEROS.subarray(0, inside - done))
    if (length > 0 && end > this.#size) this.truncate(end)
  }

  allocateAt(at: number, length: number, written: boolean): void {
    this.zeroAt(at, length)
    if (!written && sparseCalls()?.allocate(this.#fd, at, length)) return
    for (let done = 0; done < length; done += ZEROS.length) this.writeAt(at + done, ZEROS.subarray(0, length - done))
  }

  *extents(at: number, length: number): Generator<StorageRun> {
    assertInside(this, at, length)
    const end = at + length
    const calls = this.#device ? undefined : sparseCalls()
    for (let start = at; start < end;) {
      const data = calls?.data(this.#fd, start) ?? start
      const dataAt = data === 'none' ? end : Math.min(data, end)
      if (dataAt > start) yield { at: start, length: dataAt - start, hole: true }
      const stop = dataAt === end ? end : Math.min(calls?.hole(this.#fd, dataAt) ?? end, end)
      if (stop > dataAt) yield { at: dataAt, length: stop - dataAt, hole: false }
      start = stop
    }
  }

  truncate(size: number): void {
    this.#assertRoom(size, 0)
    if (this.#device) return // a device keeps the size it has
    this.#call(size, () => {
      ftruncateSync(this.#fd, size)
    })
    this.#size = size
  }

  flush(): void {
    if (!this.writable) return
    this.#call(0, () => {
      fdatasyncSync(this.#fd)
    })
  }

  close(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1 // the number may soon be another file's
    this.#call(0, () => {
      closeSync(fd)
    })
  }

  #assertRoom(at: number, length: number): void {
    assertWritable(this, at, length)
    if (this.#device) assertInside(this, at, length)
  }

  #call<T>(offset: number, call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw fromErrno(error, { path: this.path, offset })
    }
  }
}

/** Throws unless it is a regular file or a block device. */
function assertStorable(path: string, stats: Stats): void {
  if (stats.isFile() || stats.isBlockDevice()) return
  const kind = stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device that has no size'
  throw new StrataError('INVALID_ARGUMENT', `This is ${kind}, not a disk image`, { path }, 'Choose a file.')
}

/** Bytes of a block device: `stat` says 0, and Node has no call for it, so the first sector that can't be read is looked for. */
function deviceSize(fd: number): number {
  const sector = new Uint8Array(SECTOR)
  const isThere = (index: number): boolean => {
    try {
      return readSync(fd, sector, 0, SECTOR, index * SECTOR) === SECTOR
    } catch {
      return false // some systems answer a read past the end with an error
    }
  }
  return countThere(isThere) * SECTOR
}
