import { StrataError } from '../../shared/errors.ts'
import { backingPath, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { identityOf } from '../io/file-system.ts'
import { passGate } from '../io/gate.ts'
import type { Storage } from '../io/storage.ts'
import { assertReplaceable, stage, type StageWatch, type Target } from './stage.ts'

/** A new image, and the name of the file for its guest bytes, where it shall have one of its own. */
export interface ImageTarget extends Target {
  dataFile?: string | undefined
}

/** Where the data file of a new image goes: its name as seen from the image. Throws where it may not be written, or is the image itself. */
export function dataFilePath(platform: Platform, { path, dataFile }: ImageTarget, gate: OpenOptions['gate']): string | undefined {
  if (dataFile === undefined) return undefined
  const place = backingPath(platform, path, dataFile)
  passGate(gate, platform.files, place, path, 'write')
  if (identityOf(platform.files, place) === identityOf(platform.files, path))
    throw new StrataError('SAME_FILE', 'The image cannot be its own data file', { path, field: 'data_file' }, 'Choose another name.')
  return place
}

/** Makes a new image as `stage` does, with its data file beside it: that is in its place before the image that names it is. */
export function stageImage<T>(
  platform: Platform,
  target: ImageTarget,
  { gate, watch }: Pick<OpenOptions, 'gate'> & { watch: StageWatch },
  fill: (storage: Storage, dataFile?: Storage) => T,
): T {
  const place = dataFilePath(platform, target, gate)
  const { path, overwrite, unflushed } = target
  return stage(platform, { path, overwrite, unflushed }, watch, (storage) =>
    place === undefined
      ? fill(storage)
      : stage(platform, { path: place, overwrite, unflushed }, watch, (dataFile) => {
          const result = fill(storage, dataFile)
          // What could still fail of the image comes before its data file takes the place of another.
          if (!unflushed) storage.settle()
          assertReplaceable(platform, { path, overwrite })
          return result
        }),
  )
}
