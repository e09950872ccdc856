import { StrataError } from '../../../shared/errors.ts'
import { legacyAes } from '../../crypto/legacy-aes.ts'
import type { OpenLuks } from '../../crypto/luks.ts'
import type { SectorCipher } from '../../crypto/sector-cipher.ts'
import type { OpenParams } from '../driver.ts'
import { unlockEncryption } from './encryption.ts'
import type { Header } from './header.ts'
import { CRYPT, HeaderV2 } from './layout.ts'
import { luksPlace } from './luks-place.ts'
import type { SectorNumbers } from './sector-numbers.ts'

/** How the guest's bytes of an image are encrypted: not at all where `seal` is absent. `luks` is there once its header is unlocked. */
export interface Sealing {
  seal?: SectorNumbers
  luks?: OpenLuks
}

/**
 * Unlocks an image, where it is encrypted and there is a passphrase. Without one the image opens all the same, and only its guest's bytes are
 * out of reach. Throws `WRONG_PASSPHRASE`, or what is wrong with the encryption header.
 */
export function unlock(header: Header, { storage, crypto, passphrase }: OpenParams): Sealing {
  luksPlace(header, storage) // a pointer that leads nowhere is refused with or without a passphrase
  if (header.cryptMethod === CRYPT.none) return {}
  if (!passphrase) return { seal: { cipher: lockedCipher(storage.path), by: 'host' } }
  if (header.cryptMethod === CRYPT.aes) return { seal: { cipher: legacyAes(passphrase, crypto), by: 'guest' } }
  const luks = unlockEncryption(header, storage, passphrase, crypto)
  return luks ? { seal: { cipher: luks.cipher, by: 'host' }, luks } : {}
}

/** Stands for the cipher as long as there is no passphrase: `NO_PASSPHRASE` at every use. */
function lockedCipher(path: string): SectorCipher {
  const locked = (): never => {
    throw missingPassphrase(path)
  }
  return { encrypt: locked, decrypt: locked, wipe() {} }
}

export function missingPassphrase(path: string): StrataError {
  return new StrataError(
    'NO_PASSPHRASE',
    'The disk is encrypted, and no passphrase was given',
    { path, offset: HeaderV2.at('cryptMethod'), field: 'crypt_method' },
    'Give the passphrase of this image.',
  )
}
