import { StrataError } from '../../shared/errors.ts'
import type { ConvertRequest } from '../../shared/requests.ts'
import type { Disk } from '../device/disk.ts'
import { layerFiles } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/**
 * The file of a conversion's source, which shall go once the copy is proven. Throws for what the copy would not hold: then the source may not go.
 */
export function replacedSource(platform: Platform, request: ConvertRequest, disk: Disk): string {
  const { source, also = [], range, salvage, target, bitmaps, unflushed } = request
  const { path } = source
  const refuse = (message: string, field: string, hint = 'Convert it, and keep the source.'): never => {
    throw new StrataError('UNSUPPORTED', message, { path, field }, hint)
  }
  if (also.length > 0 || range || source.snapshot !== undefined) refuse('Only a whole disk can take the place of its source', 'source')
  if (salvage) refuse('A source that can not be read in full can not be replaced', 'salvage')
  if (target.inPlace) refuse('Only a new image can take the place of its source', 'target')
  // The source would be gone for good while the new image may still be lost with the power.
  if (unflushed)
    refuse('Only an image that is on stable storage can take the place of its source', 'unflushed', 'Let the target be flushed.')
  const info = disk.driver.describe()
  if (info.snapshots.length > 0)
    refuse('Its snapshots would be lost: a copy holds the disk as it is now', 'snapshots', 'Delete them first, or keep the source.')
  if ((info.qcow2?.bitmaps?.length ?? 0) > 0 && bitmaps !== 'all')
    refuse('Its bitmaps would be lost', 'bitmaps', 'Copy them too, or keep the source.')
  if (info.qcow2?.dataFile !== undefined) refuse('An image with a data file can not be replaced', 'data_file')
  const { image } = layerFiles(platform, disk)
  const file = platform.files.canonical(image)
  if (platform.files.facts(file)?.kind !== 'file') refuse('Only a regular file can be replaced', 'source')
  // Who protects a file from writing means that it shall stay.
  platform.files.open(file, true).close()
  return file
}
