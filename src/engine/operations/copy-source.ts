import { alignUp } from '../base/ints.ts'

/** A run of what a copy reads. `below`: the target stands on the same. */
export interface SourceRun {
  at: number
  length: number
  kind: 'data' | 'packed' | 'zero' | 'below'
}

/** What a copy reads: a disk, or something that behaves like one. Bytes. */
export interface CopySource {
  readonly size: number
  readAt(at: number, into: Uint8Array): void
  /** The runs that cover `[at, at + length)` in order, without reading. */
  runs(at: number, length: number): Iterable<SourceRun>
}

/** Disks are measured in these. */
const SECTOR = 512

/** A range of one source, and where it goes. */
interface Part {
  source: CopySource
  start: number
  length: number
  /** where it begins in the whole, and where the next one does: its length rounded up to sectors; zeros fill the rest */
  at: number
  end: number
}

/** Ranges of several sources, one after the other, as one. */
export class JoinedSource implements CopySource {
  readonly size: number
  readonly #parts: Part[]

  constructor(ranges: readonly { source: CopySource; start?: number; length?: number }[]) {
    let at = 0
    this.#parts = ranges.map(({ source, start = 0, length = source.size - start }) => {
      const end = at + alignUp(length, SECTOR)
      const part = { source, start, length, at, end }
      at = end
      return part
    })
    this.size = at
  }

  readAt(at: number, into: Uint8Array): void {
    for (const { source, start, length, from, to } of this.#within(at, into.length)) {
      const bytes = into.subarray(from.whole - at, to.whole - at)
      const there = Math.max(0, Math.min(bytes.length, length - from.part))
      if (there > 0) source.readAt(start + from.part, bytes.subarray(0, there))
      bytes.fill(0, there)
    }
  }

  *runs(at: number, length: number): Generator<SourceRun> {
    for (const { source, start, length: held, from, to } of this.#within(at, length)) {
      const there = Math.max(0, Math.min(to.part, held) - from.part)
      if (there > 0) for (const run of source.runs(start + from.part, there)) yield { ...run, at: run.at - start - from.part + from.whole }
      const rest = from.whole + there
      if (rest < to.whole) yield { at: rest, length: to.whole - rest, kind: 'zero' }
    }
  }

  /** The parts that `[at, at + length)` touches, and from where to where it does: in the whole, and in the part. */
  *#within(at: number, length: number): Generator<Part & Record<'from' | 'to', { whole: number; part: number }>> {
    for (const part of this.#parts) {
      const from = Math.max(at, part.at)
      const to = Math.min(at + length, part.end)
      if (from < to) yield { ...part, from: { whole: from, part: from - part.at }, to: { whole: to, part: to - part.at } }
    }
  }
}
