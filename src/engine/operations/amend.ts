import type { AmendRequest, AmendResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer, describeOpen } from '../device/chain.ts'
import { Disk } from '../device/disk.ts'
import { openDisk, openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { AmendFacet } from '../formats/driver.ts'
import { assertKeyChange, changeKeys } from './change-keys.ts'
import { assertWanted } from './resize.ts'

/** Changes options of an image in place. Everything that could refuse it is asked before anything is written. */
export function amend(
  platform: Platform,
  { path, format, changes, shrink = false }: AmendRequest,
  { gate, job, secrets }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): AmendResult {
  const options = { gate, secrets, format, writable: true }
  // Only growing has to know what lies below.
  const disk = changes.size === undefined ? new Disk(path, openLayer(platform, path, options)) : openDisk(platform, path, options)
  try {
    const facet = facetOf(disk)
    const { size, keys, ...rest } = changes
    facet.assertAmendable(changes)
    if (keys) assertKeyChange(disk, keys, secrets)
    if (size !== undefined) {
      assertWanted(disk, size, shrink)
      if (changes.compat === '1.1') facet.amend({ compat: '1.1' }, job) // version 2 may refuse the size
      if (size < disk.size) disk.shrink(size, job)
      else if (size > disk.size) disk.grow(size, 'off', job)
    }
    facet.amend(rest, job)
    if (keys) changeKeys(disk, keys, secrets)
    // The new name need not lead anywhere yet: then the image can't be opened once more.
    if (changes.dataFile !== undefined) return { info: describeOpen(platform, path, disk.driver) }
  } finally {
    disk.close()
  }
  return { info: describeLayer(platform, path, { gate, format: disk.format }) }
}

function facetOf({ driver, path }: Disk): AmendFacet {
  if (driver.amend) return driver.amend
  throw new StrataError('UNSUPPORTED', `Format driver '${driver.format}' does not support option amendment`, { path, field: 'format' })
}
