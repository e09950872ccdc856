import type { CheckReport, CheckRequest } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** Checks one image without its backing chain, and changes nothing. Throws `UNSUPPORTED` for formats that have nothing to check. */
export function check(
  platform: Platform,
  { path, format }: CheckRequest,
  { gate, job }: Pick<OpenOptions, 'gate'> & { job: Job },
): CheckReport {
  const driver = openLayer(platform, path, format === undefined ? { gate } : { gate, format })
  try {
    if (!driver.check)
      throw new StrataError(
        'UNSUPPORTED',
        'This image format does not support checks',
        { path },
        'Raw disks hold nothing but the guest’s bytes.',
      )
    return { ...driver.check.check(job), path }
  } finally {
    driver.close()
  }
}
