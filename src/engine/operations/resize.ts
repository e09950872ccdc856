import type { ResizeRequest, ResizeResult } from '../../shared/model.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** Grows a disk in place. Everything that could refuse it is asked before anything is written. */
export function resize(platform: Platform, request: ResizeRequest, { gate, job }: Pick<OpenOptions, 'gate'> & { job: Job }): ResizeResult {
  const { path, format, size, preallocation = 'off' } = request
  const disk = openDisk(platform, path, format === undefined ? { gate, writable: true } : { gate, format, writable: true })
  const before = disk.size
  try {
    disk.grow(size, preallocation, job)
  } finally {
    disk.close()
  }
  return { info: describeLayer(platform, path, { gate, format: disk.format }), before }
}
