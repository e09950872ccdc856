import { isZero } from '../base/bytes.ts'
import { alignUp } from '../base/ints.ts'
import type { Job } from '../base/job.ts'
import type { Disk } from '../device/disk.ts'
import type { Sizing } from '../formats/driver.ts'

/** Zeros that conversion leaves out, unless it is told otherwise: whole blocks of these bytes. */
const BLOCK = 4096
/** Blocks read at once where the first one was zeros. */
const AHEAD = 64 * BLOCK
/** Guest bytes between two looks at the job. */
const STEP = 64 * 2 ** 20

/** What of a new image gets room. */
export interface Usage {
  units: number
  /** reaches with at least one unit */
  reaches: number
  /** bytes of the last unit up to the end of the last block that is written */
  tail: number
}

/** Finds out by reading as little as needed: of each unit that is not known to be zeros, up to the first byte that is none. */
export function usageOf(disk: Disk, { unit, reach }: NonNullable<Sizing['maps']>, job: Job): Usage {
  const buffer = new Uint8Array(AHEAD)
  const total = disk.size
  const grain = Math.max(unit, BLOCK)
  const usage = { units: 0, reaches: 0, tail: unit }
  let [next, reached, last, looked] = [0, -1, -1, 0]
  job.report({ phase: 'Measuring', done: 0, total })
  for (const run of disk.runs(0, total)) {
    const end = run.at + run.length
    // A grain that is partly in the run is looked at once, as a whole.
    for (let at = Math.max(next, run.at - (run.at % grain)); run.kind !== 'zero' && at < end; at += grain) {
      next = at + grain
      if (at >= looked) {
        job.checkpoint()
        job.report({ phase: 'Measuring', done: at, total })
        looked = at + STEP
      }
      const there = Math.min(grain, total - at)
      if (isZeros(disk, at, there, buffer)) continue
      usage.units += Math.ceil(there / unit)
      last = at
      if (Math.floor(at / reach) > reached) usage.reaches++
      reached = Math.floor(at / reach)
    }
  }
  if (last >= 0) usage.tail = tailOf(disk, last, Math.min(grain, total - last), unit)
  job.report({ phase: 'Measuring', done: total, total })
  return usage
}

/** Whether a range reads as zeros. Most data shows that it is none in its first block. */
function isZeros(disk: Disk, at: number, length: number, buffer: Uint8Array): boolean {
  for (let done = 0; done < length;) {
    const bytes = buffer.subarray(0, Math.min(length - done, done === 0 ? BLOCK : AHEAD))
    disk.readAt(at + done, bytes)
    if (!isZero(bytes)) return false
    done += bytes.length
  }
  return true
}

function tailOf(disk: Disk, at: number, length: number, unit: number): number {
  if (unit <= BLOCK) return unit
  const bytes = new Uint8Array(length)
  disk.readAt(at, bytes)
  let end = alignUp(length, BLOCK)
  while (end > BLOCK && isZero(bytes.subarray(end - BLOCK, end))) end -= BLOCK
  return Math.min(end, unit)
}
