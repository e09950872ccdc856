import { StrataError, type Where } from '../../shared/errors.ts'
import { assertSpec, CIPHER_BYTES, CIPHER_MODES, type CipherName, type CipherSpec, IV_GENERATORS } from './cipher-spec.ts'
import { HASH_BYTES, type HashName } from './crypto-provider.ts'

/** What a LUKS header calls a way to encrypt: `aes`, `xts-plain64`. */
export interface LuksNames {
  cipher: string
  mode: string
}

export function namesOf({ mode, ivgen, ivgenHash = 'sha256' }: CipherSpec): LuksNames {
  if (ivgen === undefined) return { cipher: 'aes', mode }
  return { cipher: 'aes', mode: `${mode}-${ivgen === 'essiv' ? `essiv:${ivgenHash}` : ivgen}` }
}

/** What a header's names and key length stand for; `where` gives a field's place. Throws `UNSUPPORTED`, or `CORRUPT` for an impossible key. */
export function specOf(names: LuksNames, keyBytes: number, where: (field: keyof LuksNames | 'keyBytes') => Where): CipherSpec {
  if (names.cipher !== 'aes') throw unsupported(`the cipher ${names.cipher}`, where('cipher'))
  const parts = /^([^-]*)(?:-([^:]*)(?::(.*))?)?$/.exec(names.mode)
  const mode = CIPHER_MODES.find((name) => name === parts?.[1])
  const ivgen = IV_GENERATORS.find((name) => name === parts?.[2])
  const hash = parts?.[3]
  // ECB uses no vectors, so a header may name none.
  const bare = mode === 'ecb' && parts?.[2] === undefined
  if (!mode || (!ivgen && !bare) || (hash !== undefined) !== (ivgen === 'essiv'))
    throw unsupported(`the cipher mode ${names.mode}`, where('mode'))
  const spec: CipherSpec = { cipher: cipherOf(mode === 'xts' ? keyBytes / 2 : keyBytes, keyBytes, where('keyBytes')), mode }
  if (ivgen) spec.ivgen = ivgen
  if (hash !== undefined) spec.ivgenHash = hashOf(hash, where('mode'))
  assertSpec(spec, where('mode'))
  return spec
}

function cipherOf(bytes: number, keyBytes: number, where: Where): CipherName {
  const names = Object.keys(CIPHER_BYTES) as CipherName[]
  const name = names.find((cipher) => CIPHER_BYTES[cipher] === bytes)
  if (name === undefined)
    throw new StrataError('CORRUPT', `The LUKS header has a key of ${keyBytes} bytes, which its cipher can't use`, where)
  return name
}

/** A hash by its name. Throws `UNSUPPORTED`. */
export function hashOf(name: string, where: Where): HashName {
  const names = Object.keys(HASH_BYTES) as HashName[]
  const hash = names.find((known) => known === name)
  if (hash === undefined) throw unsupported(`the hash ${name}`, where)
  return hash
}

function unsupported(what: string, where: Where): StrataError {
  return new StrataError(
    'UNSUPPORTED',
    `The image is encrypted with LUKS and ${what}, which Strata does not have`,
    where,
    'Convert it with qemu-img to an image that is encrypted with AES.',
  )
}
