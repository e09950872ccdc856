import { CIPHER_BYTES, sectorCipher } from './cipher-spec.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import type { SectorCipher } from './sector-cipher.ts'

/**
 * Encryption method 1 of qcow2, for images that have it already: AES-128 in CBC, whose key is the passphrase itself, cut to 16 bytes or
 * filled up with zeros, and whose sectors are numbered by where they lie on the disk. A wrong passphrase can't be told from the right one.
 */
export function legacyAes(passphrase: Uint8Array, crypto: CryptoProvider): SectorCipher {
  const key = new Uint8Array(CIPHER_BYTES['aes-128'])
  key.set(passphrase.subarray(0, key.length))
  const cipher = sectorCipher({ cipher: 'aes-128', mode: 'cbc', ivgen: 'plain64' }, key, crypto)
  key.fill(0)
  return cipher
}
