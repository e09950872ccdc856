import { isZero } from '../base/bytes.ts'
import type { Job } from '../base/job.ts'
import type { Disk } from '../device/disk.ts'

/** Guest bytes read and written at once. */
const PIECE = 2 * 2 ** 20

export interface CopyOptions {
  /** bytes of zeros that become a hole; 0 writes every byte */
  sparse: number
  /** packs each cluster that gets smaller by it, with the target's own codec */
  compress?: { level?: number | undefined }
}

/**
 * Copies what `from` holds into the empty disk `to`, run by run: what reads as zeros without being read is left out, what is read and
 * found to be zeros too. Answers with the guest bytes written.
 */
export function copy(from: Disk, to: Disk, options: CopyOptions, job: Job): number {
  const buffer = new Uint8Array(Math.max(PIECE, to.driver.packGrain ?? to.driver.grain))
  const total = from.size
  const phase = options.compress ? 'Compressing' : 'Copying'
  let copied = 0
  job.report({ phase, done: 0, total })
  for (let at = 0; at < total;) {
    job.checkpoint()
    const length = nextPiece(from, at, buffer.length, options.sparse > 0)
    if (length.skip) {
      at += length.bytes
    } else {
      const bytes = buffer.subarray(0, length.bytes)
      from.readAt(at, bytes)
      copied += options.compress ? writePacked(to, at, bytes, options.compress.level) : writeSparse(to, at, bytes, options.sparse)
      at += length.bytes
    }
    job.report({ phase, done: at, total })
  }
  return copied
}

/** The next piece from `at`: a run of known zeros to skip, or at most `most` bytes to read, on the piece grid so that clusters stay whole. */
function nextPiece(from: Disk, at: number, most: number, skipZeros: boolean): { bytes: number; skip: boolean } {
  const rest = from.size - at
  const grid = Math.min(rest, most - (at % most))
  if (!skipZeros) return { bytes: grid, skip: false }
  let zeros = 0
  for (const run of from.runs(at, rest)) {
    if (run.kind !== 'zero') break
    zeros += run.length
    if (zeros >= SKIP_AT_ONCE) break
  }
  // Only whole pieces are skipped, so that a cluster of the target that is partly data is written in one go.
  const whole = at + zeros === from.size ? zeros : Math.floor((at + zeros) / most) * most - at
  return whole > 0 ? { bytes: whole, skip: true } : { bytes: grid, skip: false }
}

/** Zeros are skipped in steps of at most this many bytes, so that a huge empty disk still moves its bar and can be stopped. */
const SKIP_AT_ONCE = 2 ** 36

/** Writes the parts of `bytes` that are not zeros, in units of the target's cluster, or of `sparse` bytes where it has none. */
function writeSparse(to: Disk, at: number, bytes: Uint8Array, sparse: number): number {
  if (sparse === 0) {
    to.writeAt(at, bytes)
    return bytes.length
  }
  const unit = Math.max(to.driver.grain, sparse)
  let written = 0
  for (let from = 0; from < bytes.length;) {
    while (from < bytes.length && isZero(bytes.subarray(from, from + unit))) from += unit
    let end = from
    while (end < bytes.length && !isZero(bytes.subarray(end, end + unit))) end += unit
    const part = bytes.subarray(from, Math.min(end, bytes.length))
    if (part.length > 0) to.writeAt(at + from, part)
    written += part.length
    from = end
  }
  return written
}

/** Writes `bytes` cluster by cluster: zeros not at all, what packs smaller packed, the rest plain. */
function writePacked(to: Disk, at: number, bytes: Uint8Array, level: number | undefined): number {
  const grain = to.driver.packGrain ?? to.driver.grain
  let written = 0
  for (let from = 0; from < bytes.length; from += grain) {
    const part = bytes.subarray(from, from + grain)
    if (isZero(part)) continue
    written += part.length
    // The last cluster may reach past the end of the disk; unpacked it must still be a whole cluster.
    const cluster = part.length === grain ? part : padded(part, grain)
    const packed = to.driver.codec?.pack(cluster, level)
    if (packed) to.writePacked(at + from, packed)
    else to.writeAt(at + from, part)
  }
  return written
}

function padded(part: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(part)
  return whole
}
