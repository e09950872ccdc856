import type { ResizeRequest, ResizeResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** Gives a disk another size, in place. Everything that could refuse it is asked before anything is written. */
export function resize(
  platform: Platform,
  { path, format, size, preallocation = 'off', shrink = false }: ResizeRequest,
  { gate, job, secrets }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): ResizeResult {
  const disk = openDisk(platform, path, { gate, secrets, format, writable: true })
  const before = disk.size
  try {
    assertWanted(disk, size, shrink)
    if (size >= before) disk.grow(size, preallocation, job)
    else if (preallocation === 'off') disk.shrink(size, job)
    else throw new StrataError('INVALID_ARGUMENT', 'Preallocation can only be used for growing images', { path, field: 'preallocation' })
  } finally {
    disk.close()
  }
  return { info: describeLayer(platform, path, { gate, format: disk.format }), before }
}

/** Throws for a smaller size that nobody has said is meant so. */
export function assertWanted(disk: Disk, size: number, shrink: boolean): void {
  if (size < disk.size && !shrink)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'The new size is smaller than the disk, and what lies behind it would be lost',
      { path: disk.path, field: 'size' },
      'Make the partitions inside the virtual machine smaller first. Then allow Strata to shrink the disk.',
    )
}
