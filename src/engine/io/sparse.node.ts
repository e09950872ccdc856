import { createRequire } from 'node:module'
import type * as Koffi from 'koffi'

/** Calls for sparse files that Node does not have. `fd` is a file descriptor; its position moves, which positioned reads do not mind. */
export interface SparseCalls {
  /** Offset of the first byte of data at or after `at`; `none` where there is only hole; undefined where the file system can't tell. */
  data(fd: number, at: number): number | 'none' | undefined
  /** Offset of the first hole at or after `at`, which at the latest is the end of the file; undefined where the file system can't tell. */
  hole(fd: number, at: number): number | undefined
  /** Gives the range back to the file system, so that it reads as zeros; false where that can't be done. */
  punch(fd: number, at: number, length: number): boolean
  /** Takes room for the range from the file system and keeps the bytes that are there; false where that can't be done, or not in full. */
  allocate(fd: number, at: number, length: number): boolean
}

/** `lseek`'s words for data and hole, and the error number for "nothing from here on"; Darwin has the first two the other way round. */
const SEEK: Partial<Record<NodeJS.Platform, { data: number; hole: number }>> = {
  linux: { data: 3, hole: 4 },
  darwin: { data: 4, hole: 3 },
}
const ENXIO = 6

/** `fallocate`'s mode on Linux: FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. */
const PUNCH_KEEPING_SIZE = 3

let loaded: { calls: SparseCalls | undefined } | undefined

/** The calls, or undefined where the system or the koffi package is missing. Loads koffi at the first call. */
export function sparseCalls(): SparseCalls | undefined {
  loaded ??= { calls: load() }
  return loaded.calls
}

function load(): SparseCalls | undefined {
  const seek = SEEK[process.platform]
  if (!seek) return undefined
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi
    if (koffi.sizeof('long') !== 8) return undefined // lseek's offset is a long, which must hold 64 bits
    const libc = koffi.load(null)
    const lseek = libc.func('int64_t lseek(int fd, int64_t at, int whence)') as (fd: number, at: number, whence: number) => number
    const fallocate = process.platform === 'linux' ? fallocateOf(libc) : () => false
    return {
      data(fd, at) {
        const found = lseek(fd, at, seek.data)
        if (found >= 0) return found
        return koffi.errno() === ENXIO ? 'none' : undefined
      },
      hole(fd, at) {
        const found = lseek(fd, at, seek.hole)
        return found >= 0 ? found : undefined
      },
      punch: (fd, at, length) => fallocate(fd, PUNCH_KEEPING_SIZE, at, length),
      allocate: (fd, at, length) => fallocate(fd, 0, at, length),
    }
  } catch {
    return undefined // an optional package that is not there, or can't run here: sparse files are a saving, not a need
  }
}

function fallocateOf(libc: Koffi.LibraryHandle): (fd: number, mode: number, at: number, length: number) => boolean {
  const fallocate = libc.func('int fallocate(int fd, int mode, int64_t at, int64_t length)') as (
    fd: number,
    mode: number,
    at: number,
    length: number,
  ) => number
  return (...range) => fallocate(...range) === 0
}
