import { alignUp } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { Image } from './image.ts'
import { giveBackTail, unmap } from './shrink.ts'

/**
 * Takes all of the disk out of the map. What lies past the reach of its last L2 table, a machine's state, stays. No bitmap is told: whoever empties an
 * image sees to it that the disk reads the same. After a power cut a part of the map is gone, or all of it.
 */
export function empty(image: Image, job: Job): void {
  const { header, geometry, storage, data } = image
  image.touch()
  unmap(image, 0, alignUp(header.size, geometry.l2Reach), job)
  image.flush()
  // Only now does nothing in the image point into the data file.
  if (geometry.external) {
    if (header.snapshotCount === 0) data.zeroAt(0, Math.min(data.size, header.size))
  } else giveBackTail(image)
  storage.flush()
}
