import { StrataError } from '../../shared/errors.ts'
import type { BenchRequest, BenchResult } from '../../shared/requests.ts'
import type { Job } from '../base/job.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** The most bytes of one request. */
const MAX_BUFFER = 2 ** 31 - 1

/**
 * Measures one request after the other; past the end of the disk they begin again from its start. A write bench leaves its bytes in the image. Throws
 * `OUT_OF_RANGE` for a request that reaches past the end.
 */
export function bench(
  platform: Platform,
  request: BenchRequest,
  { gate, secrets, job }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): BenchResult {
  const { path, format, count, bufferSize, step, offset, write, flushInterval } = request
  for (const [field, value] of Object.entries({ count, bufferSize, step, offset, flushInterval }))
    if (!Number.isSafeInteger(value) || value < 0) throw new StrataError('INVALID_ARGUMENT', 'This must be a whole number', { path, field })
  if (bufferSize > MAX_BUFFER) throw new StrataError('INVALID_ARGUMENT', 'A request is at most 2 GiB long', { path, field: 'bufferSize' })
  const disk = openDisk(platform, path, { gate, secrets, format, writable: write !== undefined })
  try {
    const buffer = new Uint8Array(bufferSize).fill(write?.pattern ?? 0)
    const total = count * bufferSize
    const phase = write ? 'Writing' : 'Reading'
    job.report({ phase, done: 0, total })
    const start = performance.now()
    let at = offset
    for (let done = 0; done < count; done++) {
      job.checkpoint()
      if (write) disk.writeAt(at, buffer)
      else disk.readAt(at, buffer)
      at = disk.size === 0 ? 0 : (at + step) % disk.size
      if (write && flushInterval > 0 && (done + 1) % flushInterval === 0) disk.flush()
      job.report({ phase, done: (done + 1) * bufferSize, total })
    }
    return { seconds: (performance.now() - start) / 1000 }
  } finally {
    disk.close()
  }
}
