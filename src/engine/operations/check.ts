import type { CheckReport } from '../../shared/model.ts'
import type { CheckRequest } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { AsideStorage } from '../io/aside.ts'
import type { FileSystem } from '../io/file-system.ts'
import { wrapSystem } from '../io/wrapped-system.ts'

/**
 * Checks one image without its backing chain, and mends it where that is asked for; else, and in a dry run, the file stays as it is. Throws
 * `UNSUPPORTED` for formats that have nothing to check or to mend.
 */
export function check(
  platform: Platform,
  { path, format, repair, dryRun = false }: CheckRequest,
  { gate, job }: Pick<OpenOptions, 'gate'> & { job: Job },
): CheckReport {
  const files = dryRun ? untouched(platform.files) : platform.files
  const options: OpenOptions = { gate, repair: true, writable: repair !== undefined, ...(format && { format }) }
  const driver = openLayer({ ...platform, files }, path, options)
  try {
    const facet = driver.check
    if (!facet)
      throw new StrataError(
        'UNSUPPORTED',
        'This image format does not support checks',
        { path, field: 'format' },
        'Raw disks hold nothing but the guest’s bytes.',
      )
    if (repair === undefined) return { ...facet.check(job), path }
    if (!facet.repair) throw new StrataError('UNSUPPORTED', 'This image format does not support repairs', { path })
    return { ...facet.repair(repair, job), path }
  } finally {
    driver.close()
  }
}

/** The same files, whose changes are kept in memory and then forgotten. */
function untouched(files: FileSystem): FileSystem {
  return { ...wrapSystem(files, (storage) => storage), open: (path) => new AsideStorage(files.open(path, false)) }
}
