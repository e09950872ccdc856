import { StrataError } from '../../shared/errors.ts'
import type { EncryptRequest } from '../../shared/model.ts'
import { passphraseNamed, type Secrets } from '../../shared/secrets.ts'

/** The passphrase for a new image, if it is to be encrypted. Throws `NO_PASSPHRASE` where it is not among the secrets. */
export function targetPassphrase(encrypt: EncryptRequest | undefined, secrets: Secrets | undefined, path: string): Uint8Array | undefined {
  if (!encrypt) return undefined
  const passphrase = passphraseNamed(secrets, encrypt.secret)
  if (!passphrase || passphrase.length === 0)
    throw new StrataError('NO_PASSPHRASE', 'A passphrase is needed to encrypt the disk', { path, field: 'encrypt' }, 'Choose a passphrase.')
  return passphrase
}
