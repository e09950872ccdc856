import type { Disk } from '../device/disk.ts'
import { backingPath, openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { passGate } from '../io/gate.ts'
import { assertNotInChain } from './same-file.ts'
import { dataFilePath } from './stage-image.ts'

/**
 * Opens what a new image is to stand on, where the gate lets its name pass; a format that is not stated is found out. Throws `SAME_FILE` where a file of the new image is one of its files.
 */
export function openBacking(
  platform: Platform,
  target: { path: string; dataFile: string | undefined },
  { name, format }: { name: string; format?: string },
  { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>,
): Disk {
  const place = backingPath(platform, target.path, name)
  passGate(gate, platform.files, place, target.path)
  const lower = openDisk(platform, place, { gate, secrets, format })
  try {
    for (const path of [target.path, dataFilePath(platform, { ...target, overwrite: true }, gate)])
      if (path !== undefined) assertNotInChain(platform, lower, path)
    return lower
  } catch (error) {
    lower.close()
    throw error
  }
}
