import { StrataError } from '../../shared/errors.ts'
import type { Secrets } from '../../shared/secrets.ts'
import type { Disk } from '../device/disk.ts'
import type { Platform } from '../device/platform.ts'
import { passphraseOf } from '../device/unlocking.ts'

/** Throws `NO_PASSPHRASE` where a disk, or a layer below it down to `last`, is encrypted and was opened without its passphrase. */
export function assertUnlocked(platform: Pick<Platform, 'files'>, disk: Disk, secrets: Secrets | undefined, last?: Disk): void {
  for (let layer: Disk | undefined = disk; layer; layer = layer === last ? undefined : layer.below)
    if (layer.driver.describe().encrypted && !passphraseOf(platform, secrets, layer.path))
      throw new StrataError(
        'NO_PASSPHRASE',
        'The disk is encrypted, and no passphrase was given',
        { path: layer.path, field: 'encrypt' },
        'Give the passphrase of this image.',
      )
}
