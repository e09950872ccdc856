import { StrataError } from '../../shared/errors.ts'
import { passphraseNamed } from '../../shared/secrets.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { FormatName } from '../../shared/model.ts'

/**
 * Tries the passphrase of an encrypted image, without a look at what lies below it. Throws `WRONG_PASSPHRASE`, `NO_PASSPHRASE` where none came, and
 * `INVALID_ARGUMENT` where the image is not encrypted. What encrypts with plain AES keeps nothing that a passphrase could be tried on: any opens it.
 */
export function opens(
  platform: Platform,
  { path, format }: { path: string; format?: FormatName },
  { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>,
): { certain: boolean } {
  if (!passphraseNamed(secrets, path))
    throw new StrataError('NO_PASSPHRASE', 'The disk is encrypted, and no passphrase was given', { path, field: 'encrypt' })
  const driver = openLayer(platform, path, { gate, secrets, ...(format && { format }) })
  try {
    const { encrypted, qcow2 } = driver.describe()
    if (!encrypted) throw new StrataError('INVALID_ARGUMENT', 'The disk is not encrypted, and needs no passphrase', { path })
    return { certain: qcow2?.encrypt?.format === 'luks' }
  } finally {
    driver.close()
  }
}
