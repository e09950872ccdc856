import type { SnapshotRequest, SnapshotResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { SnapshotFacet } from '../formats/driver.ts'

/** Makes, goes back to, deletes or renames an internal snapshot. The layers below are neither needed nor touched. */
export function snapshot(
  platform: Platform,
  { path, format, action }: SnapshotRequest,
  { gate, job }: Pick<OpenOptions, 'gate'> & { job: Job },
): SnapshotResult {
  const driver = openLayer(platform, path, { gate, format, writable: true })
  try {
    if (!driver.snapshots)
      throw new StrataError(
        'UNSUPPORTED',
        `A ${driver.format} image holds no snapshots`,
        { path, field: 'format' },
        'Convert it to qcow2, or put a qcow2 overlay on it and keep the base as it is.',
      )
    act(driver.snapshots, action, job)
  } finally {
    driver.close()
  }
  return { info: describeLayer(platform, path, { gate, format }) }
}

function act(snapshots: SnapshotFacet, action: SnapshotRequest['action'], job: Job): void {
  switch (action.do) {
    case 'create': {
      const now = Date.now()
      snapshots.create({ name: action.name, dateSeconds: Math.floor(now / 1000), dateNanoseconds: (now % 1000) * 1_000_000 }, job)
      return
    }
    case 'apply':
      return snapshots.apply(action.snapshot, job)
    case 'delete':
      return snapshots.remove(action.snapshot, job)
    case 'rename':
      return snapshots.rename(action.snapshot, action.name)
  }
}
