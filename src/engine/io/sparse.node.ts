import { createRequire } from 'node:module'
import type { StorageRun } from './storage.ts'

/** Holes in files, which Node's own `fs` cannot see or make. */
interface Sparse {
  /** The first byte of data at or after `at`; undefined where only a hole follows. */
  nextData(fd: number, at: number): number | undefined
  nextHole(fd: number, at: number): number
  /** Makes a hole of a range inside the file; false where the file system can't. */
  punch(fd: number, at: number, length: number): boolean
}

const ENXIO = 6
const FALLOC_KEEP_SIZE_PUNCH_HOLE = 3

/** The system's calls through koffi; undefined on systems without them and where koffi is not installed. */
export const sparse: Sparse | undefined = load()

function load(): Sparse | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const libc = koffi.load('libc.so.6')
    const lseek = libc.func('int64_t lseek(int fd, int64_t offset, int whence)') as (fd: number, at: number, whence: number) => number
    const fallocate = libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t len)') as (
      ...numbers: [fd: number, mode: number, at: number, length: number]
    ) => number
    const seek = (fd: number, at: number, whence: 3 | 4): number | undefined => {
      const found = lseek(fd, at, whence)
      if (found >= 0) return found
      return koffi.errno() === ENXIO ? undefined : at
    }
    return {
      nextData: (fd, at) => seek(fd, at, 3),
      nextHole: (fd, at) => seek(fd, at, 4) ?? at,
      punch: (fd, at, length) => fallocate(fd, FALLOC_KEEP_SIZE_PUNCH_HOLE, at, length) === 0,
    }
  } catch {
    return undefined // a missing native library costs speed, nothing else
  }
}

/** The runs of data and holes in `[at, at + length)` of an open file. */
export function* fileRuns(calls: Sparse, fd: number, at: number, length: number): Generator<StorageRun> {
  const end = at + length
  for (let pos = at; pos < end; ) {
    const data = Math.min(calls.nextData(fd, pos) ?? end, end)
    if (data > pos) yield { at: pos, length: data - pos, hole: true }
    if (data >= end) return
    const hole = Math.min(Math.max(calls.nextHole(fd, data), data), end)
    // A file system that tells nothing answers with the same place: all data.
    const stop = hole > data ? hole : end
    yield { at: data, length: stop - data, hole: false }
    pos = stop
  }
}
