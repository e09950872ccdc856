import { isZero, sameBytes } from '../base/bytes.ts'
import { alignDown, alignUp } from '../base/ints.ts'
import type { Job } from '../base/job.ts'
import type { Throttle } from '../base/throttle.ts'
import type { Disk } from '../device/disk.ts'
import type { CopySource, SourceRun } from './copy-source.ts'
import { makeZero } from './make-zero.ts'
import { writePacked } from './write-packed.ts'

/** Guest bytes read and written at once. */
const PIECE = 2 * 2 ** 20
/** Zeros are skipped in steps of at most this many bytes, so that a huge empty disk still moves its bar and can be stopped. */
const SKIP_AT_ONCE = 2 ** 36
/** The least that is looked at for zeros where the target has no clusters. */
const SMALLEST = 4096

export interface CopyOptions {
  /** bytes of zeros that become a hole; 0 writes every byte */
  sparse: number
  /** what is data in the source is written as it is, without a look for zeros */
  verbatim?: boolean | undefined
  /**
   * What the target reads as before: zeros, which are then left out; something `known`, to which each piece is compared, and left out where it is the same; or
   * something that is not looked at.
   */
  onto: 'zeros' | 'known' | 'unknown'
  /** packs each cluster that gets smaller by it, with the target's own codec */
  compress?: { level?: number | undefined } | undefined
  throttle?: Throttle | undefined
}

/**
 * Makes `to` read as `from`, as far as that reaches, run by run: zeros are made without being read where the map of `from` tells them, and without
 * being written where the format of `to` can. Answers with the guest bytes written.
 */
export function copy(from: CopySource, to: Disk, options: CopyOptions, job: Job): number {
  const buffer = new Uint8Array(Math.max(PIECE, to.driver.packGrain ?? to.driver.grain))
  const before = options.onto === 'known' ? new Uint8Array(buffer.length) : undefined
  const total = from.size
  const phase = options.compress ? 'Compressing' : 'Copying'
  let copied = 0
  job.report({ phase, done: 0, total })
  for (let at = 0; at < total;) {
    job.checkpoint()
    const { kind, length } = nextPiece(from, at, buffer.length, options, to.driver.grain)
    if (kind === 'data') {
      options.throttle?.pass(length)
      const bytes = buffer.subarray(0, length)
      from.readAt(at, bytes)
      const old = before?.subarray(0, length)
      if (old) to.readAt(at, old)
      copied += write(to, at, bytes, old, options)
    } else if (kind === 'zero' && options.onto !== 'zeros') makeZero(to, at, length)
    at += length
    job.report({ phase, done: at, total })
  }
  return copied
}

type Kind = 'data' | 'zero' | 'below'

/** The next piece from `at`: one of a kind that need not be read, or data of at most `most` bytes, on a grid so that clusters stay whole. */
function nextPiece(
  from: CopySource,
  at: number,
  most: number,
  { sparse, verbatim = false }: CopyOptions,
  grain: number,
): { kind: Kind; length: number } {
  const rest = from.size - at
  const grid = verbatim ? Math.max(grain, SMALLEST) : most
  const { kind, end } = firstKind(from.runs(at, rest), at, sparse > 0 || verbatim)
  // Only whole pieces are passed over, so that a cluster of the target that is partly data is written in one go.
  const whole = end === from.size ? rest : alignDown(end, grid) - at
  if (kind !== 'data' && whole > 0) return { kind, length: whole }
  const piece = Math.min(rest, most - (at % most))
  return { kind: 'data', length: verbatim ? Math.min(piece, alignUp(Math.max(end, at + 1), grid) - at) : piece }
}

/** What the first runs are, and where something else begins, or far enough. */
function firstKind(runs: Iterable<SourceRun>, at: number, holes: boolean): { kind: Kind; end: number } {
  let first: Kind | undefined
  let end = at
  for (const run of runs) {
    const kind = run.kind === 'below' || (run.kind === 'zero' && holes) ? run.kind : 'data'
    if (kind !== (first ??= kind)) break
    end = run.at + run.length
    if (end - at >= (first === 'data' ? PIECE : SKIP_AT_ONCE)) break
  }
  return { kind: first ?? 'data', end }
}

/** Writes a piece, except for what is there already, as it says. Answers with the bytes written. */
function write(to: Disk, at: number, bytes: Uint8Array, old: Uint8Array | undefined, options: CopyOptions): number {
  const { sparse, verbatim, onto, compress } = options
  const grain = compress ? to.driver.packGrain! : to.driver.grain
  const unit = compress ? grain : Math.max(grain, sparse, old ? SMALLEST : 1)
  let written = 0
  for (const { kind, start, end } of parts(bytes, old, unit, sparse > 0 && !verbatim)) {
    const part = bytes.subarray(start, end)
    if (kind === 'zero' && onto !== 'zeros') makeZero(to, at + start, part.length)
    if (kind !== 'data') continue
    written += part.length
    if (!compress) to.writeAt(at + start, part)
    else
      for (let done = 0; done < part.length; done += grain)
        writePacked(to, at + start + done, part.subarray(done, done + grain), compress.level)
  }
  return written
}

/** A piece in parts of whole units: those that are the same as what was there, those that are zeros where that counts, and the others. */
function* parts(
  bytes: Uint8Array,
  old: Uint8Array | undefined,
  unit: number,
  detect: boolean,
): Generator<{ kind: 'same' | 'zero' | 'data'; start: number; end: number }> {
  if (!detect && !old) {
    yield { kind: 'data', start: 0, end: bytes.length }
    return
  }
  const kindAt = (at: number): 'same' | 'zero' | 'data' => {
    const one = bytes.subarray(at, at + unit)
    if (old && sameBytes(one, old.subarray(at, at + unit))) return 'same'
    return detect && isZero(one) ? 'zero' : 'data'
  }
  for (let start = 0; start < bytes.length;) {
    const kind = kindAt(start)
    let end = start + unit
    while (end < bytes.length && kindAt(end) === kind) end += unit
    end = Math.min(end, bytes.length)
    yield { kind, start, end }
    start = end
  }
}
