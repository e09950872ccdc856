import { StrataError } from '../../shared/errors.ts'
import type { Disk } from '../device/disk.ts'
import { backingPath } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** Throws `SAME_FILE` when the file to be written is one of those that `disk` reads. */
export function assertNotInChain(platform: Platform, disk: Disk, target: string): void {
  const { files } = platform
  const real = files.canonical(target)
  for (let layer: Disk | undefined = disk; layer; layer = layer.below) {
    const dataFile = layer.driver.describe().qcow2?.dataFile
    if (dataFile !== undefined && files.canonical(backingPath(platform, layer.path, dataFile)) === real)
      throw new StrataError(
        'SAME_FILE',
        'The target is the data file of an image that is read',
        { path: target },
        'Choose another name for the new image.',
      )
    if (files.canonical(layer.path) === real)
      throw new StrataError(
        'SAME_FILE',
        layer === disk ? 'The target is the source itself' : 'The target is a layer that the source is built on',
        { path: target },
        'Choose another name for the new image.',
      )
  }
}
