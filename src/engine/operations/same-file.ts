import { StrataError } from '../../shared/errors.ts'
import type { Disk } from '../device/disk.ts'
import { layerFiles } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { identityOf } from '../io/file-system.ts'

/** Throws `SAME_FILE` when the file to be written is one of those that `disk` reads. */
export function assertNotInChain(platform: Platform, disk: Disk, target: string): void {
  const identity = identityOf(platform.files, target)
  const isTarget = (file: string | undefined): boolean => file !== undefined && identityOf(platform.files, file) === identity
  for (let layer: Disk | undefined = disk; layer; layer = layer.below) {
    const { image, dataFile } = layerFiles(platform, layer)
    if (isTarget(dataFile))
      throw new StrataError(
        'SAME_FILE',
        'The target is the data file of an image that is read',
        { path: target },
        'Choose another name for the new image.',
      )
    if (isTarget(image))
      throw new StrataError(
        'SAME_FILE',
        layer === disk ? 'The target is the source itself' : 'The target is a layer that the source is built on',
        { path: target },
        'Choose another name for the new image.',
      )
  }
}
