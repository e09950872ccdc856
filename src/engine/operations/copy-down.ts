import type { Job } from '../base/job.ts'
import type { Throttle } from '../base/throttle.ts'
import type { Disk } from '../device/disk.ts'
import { makeZero } from './make-zero.ts'

/** Guest bytes read and written at once. */
const PIECE = 2 * 2 ** 20
/** Guest bytes that are looked at, or become zeros, between two looks at the job. */
const STRIDE = 2 ** 30

/**
 * Copies into `base`, a layer below `disk` and at least as large, what the layers above it hold, and no byte besides. What reads as zeros becomes
 * zeros there without being written, where the format can. Answers with the guest bytes that were read and written.
 */
export function copyDown(disk: Disk, base: Disk, throttle: Throttle, job: Job): number {
  const buffer = new Uint8Array(PIECE)
  const total = disk.size
  const phase = 'Committing'
  let copied = 0
  job.report({ phase, done: 0, total })
  for (let at = 0; at < total;) {
    job.checkpoint()
    const { kind, length } = nextRun(disk, base, at)
    if (kind === 'data') {
      const bytes = buffer.subarray(0, length)
      throttle.pass(length)
      disk.readAt(at, bytes)
      base.writeAt(at, bytes)
      copied += length
    } else if (kind === 'zero') makeZero(base, at, length)
    at += length
    job.report({ phase, done: at, total })
  }
  return copied
}

/** What the layers above `base` say of the bytes from `at` on, as far as that is one answer and one step. */
function nextRun(disk: Disk, base: Disk, at: number): { kind: 'data' | 'zero' | 'below'; length: number } {
  let kind: 'data' | 'zero' | 'below' | undefined
  let length = 0
  for (const run of disk.runsAbove(base, at, Math.min(STRIDE, disk.size - at))) {
    const next = run.kind === 'packed' ? 'data' : run.kind
    if (kind !== undefined && next !== kind) break
    kind = next
    length += run.length
    if (kind === 'data' && length >= PIECE) break
  }
  return kind === 'data' ? { kind, length: Math.min(length, PIECE) } : { kind: kind ?? 'below', length }
}
