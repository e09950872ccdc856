import type { DiskLayout } from '../../shared/disk-layout.ts'
import type { SourceImage } from '../../shared/requests.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { readLayout } from '../guest/disk-layout.ts'

/** What the guest has put on a disk, read through its chain: partition table, file systems, and what is wrong with them. */
export function layout(
  platform: Platform,
  { path, ...source }: SourceImage,
  { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>,
): DiskLayout {
  const disk = openDisk(platform, path, { gate, secrets, ...source })
  try {
    return readLayout(disk)
  } finally {
    disk.close()
  }
}
