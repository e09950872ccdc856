import { StrataError } from '../../shared/errors.ts'
import type { Unreadable } from '../../shared/requests.ts'
import type { CopySource, SourceRun } from './copy-source.ts'

/** The least that is tried by itself, in bytes. */
const SECTOR = 512
/** Bytes that are tried as data where a map can't be read, before the map is asked again. */
const STRIDE = 65536
/** Ranges that are named one by one. */
const MOST_RANGES = 1000

/** A source of which what can't be read becomes zeros, sector by sector, and is remembered. */
export class SalvagingSource implements CopySource {
  readonly lost: Unreadable = { bytes: 0, ranges: [] }
  readonly #source: CopySource

  constructor(source: CopySource) {
    this.#source = source
  }

  get size(): number {
    return this.#source.size
  }

  readAt(at: number, into: Uint8Array): void {
    try {
      this.#source.readAt(at, into)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      if (into.length > SECTOR) {
        const half = Math.ceil(into.length / 2 / SECTOR) * SECTOR
        this.readAt(at, into.subarray(0, half))
        this.readAt(at + half, into.subarray(half))
      } else {
        into.fill(0)
        this.#lose(at, into.length)
      }
    }
  }

  *runs(at: number, length: number): Generator<SourceRun> {
    const end = at + length
    while (at < end) {
      try {
        for (const run of this.#source.runs(at, end - at)) {
          yield run
          at = run.at + run.length
        }
      } catch (error) {
        if (!isUnreadable(error)) throw error
        const run = { at, length: Math.min(end - at, STRIDE - (at % STRIDE)), kind: 'data' as const }
        yield run
        at += run.length
      }
    }
  }

  #lose(at: number, length: number): void {
    const { ranges } = this.lost
    const last = ranges.at(-1)
    this.lost.bytes += length
    if (last && last.at + last.length === at) last.length += length
    else if (ranges.length < MOST_RANGES) ranges.push({ at, length })
  }
}

/** Whether a part of the source is broken, and not all of the work. */
function isUnreadable(error: unknown): boolean {
  return error instanceof StrataError && (error.code === 'IO' || error.code === 'CORRUPT')
}
