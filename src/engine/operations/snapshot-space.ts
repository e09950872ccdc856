import { StrataError } from '../../shared/errors.ts'
import type { SnapshotSpaceRequest, SnapshotSpaceResult } from '../../shared/snapshot-space.ts'
import type { Job } from '../base/job.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** What each snapshot of an image costs. The layers below are neither needed nor touched. */
export function snapshotSpace(
  platform: Platform,
  { path, format, thorough = false }: SnapshotSpaceRequest,
  { gate, job }: Pick<OpenOptions, 'gate'> & { job: Job },
): SnapshotSpaceResult {
  const driver = openLayer(platform, path, { gate, format })
  try {
    if (!driver.snapshots) throw new StrataError('UNSUPPORTED', `A ${driver.format} image holds no snapshots`, { path, field: 'format' })
    const space = driver.snapshots.space(thorough, job)
    return space ? { space } : {}
  } finally {
    driver.close()
  }
}
