import { StrataError } from '../../../shared/errors.ts'
import type { SectorCipher } from '../../crypto/sector-cipher.ts'
import { legacyAes } from '../../crypto/legacy-aes.ts'
import type { OpenParams } from '../driver.ts'
import type { Header } from './header.ts'
import { CRYPT } from './layout.ts'
import type { SectorNumbers } from './sector-numbers.ts'

/**
 * How the guest's bytes of an image are encrypted; undefined where they are not. Without a passphrase the image opens all the same, and only
 * its guest's bytes are out of reach. Throws `WRONG_PASSPHRASE`, or what is wrong with the encryption header.
 */
export function sealOf(header: Header, { storage, crypto, passphrase }: OpenParams): SectorNumbers | undefined {
  if (header.cryptMethod === CRYPT.none) return undefined
  if (!passphrase) return { cipher: lockedCipher(storage.path), by: 'host' }
  return { cipher: legacyAes(passphrase, crypto), by: 'guest' }
}

/** Stands for the cipher as long as there is no passphrase: `NO_PASSPHRASE` at every use. */
function lockedCipher(path: string): SectorCipher {
  const locked = (): never => {
    throw new StrataError(
      'NO_PASSPHRASE',
      'The disk is encrypted, and no passphrase was given',
      { path, offset: 32, field: 'crypt_method' },
      'Give the passphrase of this image.',
    )
  }
  return { encrypt: locked, decrypt: locked, wipe() {} }
}
