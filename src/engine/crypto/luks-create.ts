import { StrataError } from '../../shared/errors.ts'
import type { LuksRequest } from '../../shared/model.ts'
import { alignUp } from '../base/ints.ts'
import {
  assertSpec,
  CIPHER_BYTES,
  CIPHER_MODES,
  type CipherName,
  type CipherSpec,
  IV_GENERATORS,
  keyBytesOf,
  sectorCipher,
} from './cipher-spec.ts'
import { type CryptoProvider, HASH_BYTES, type HashName } from './crypto-provider.ts'
import { ITER_TIME, timedIterations } from './kdf.ts'
import { digestOf, type OpenLuks } from './luks.ts'
import type { LuksStore } from './luks-area.ts'
import { encodeLuksHeader, type LuksHeader, DIGEST_BYTES } from './luks-header.ts'
import { addKey, type KeyCost } from './luks-keys.ts'
import { materialBytes, SALT_BYTES, SLOTS } from './luks-slots.ts'

/** Where the first slot's key material begins, and what each of them begins at a multiple of, in bytes. */
const SLOT_ALIGN = 4096
/** The master key's digest takes this part of the time that a passphrase takes. */
const DIGEST_SHARE = 8

/** How a new image is encrypted. */
export interface LuksOptions extends KeyCost {
  spec: CipherSpec
  hash: HashName
}

/**
 * What a request in QEMU's words stands for. AES-192 in another mode than XTS is made as cryptsetup reads it; QEMU 7.2 does not open it, as
 * the key material is no whole number of sectors. Throws `UNSUPPORTED` by name for a cipher, mode, IV generator or hash that Strata does not have.
 */
export function luksOptions(request: LuksRequest): LuksOptions {
  const { cipherAlg = 'aes-256', cipherMode = 'xts', ivgenAlg = 'plain64', ivgenHashAlg = 'sha256', hashAlg = 'sha256', iterTime } = request
  const spec: CipherSpec = {
    cipher: choose(cipherAlg, Object.keys(CIPHER_BYTES) as CipherName[], 'cipher-alg'),
    mode: choose(cipherMode, CIPHER_MODES, 'cipher-mode'),
    ivgen: choose(ivgenAlg, IV_GENERATORS, 'ivgen-alg'),
  }
  const hashes = Object.keys(HASH_BYTES) as HashName[]
  if (spec.ivgen === 'essiv') spec.ivgenHash = choose(ivgenHashAlg, hashes, 'ivgen-hash-alg')
  assertSpec(spec, { field: 'ivgen-hash-alg' })
  if (iterTime !== undefined && !(Number.isSafeInteger(iterTime) && iterTime > 0))
    throw new StrataError('INVALID_ARGUMENT', 'The time that a passphrase takes is a positive number of milliseconds', {
      field: 'iter-time',
    })
  return { spec, hash: choose(hashAlg, hashes, 'hash-alg'), ...(iterTime !== undefined && { iterTime }) }
}

function choose<T extends string>(name: string, known: readonly T[], field: string): T {
  const found = known.find((one) => one === name)
  if (found === undefined)
    throw new StrataError('UNSUPPORTED', `Strata does not encrypt with ${field} "${name}"`, { field }, `It has ${known.join(', ')}.`)
  return found
}

/** Bytes of a header with its key material, as QEMU lays them out. */
export function luksAreaBytes(spec: CipherSpec): number {
  return SLOT_ALIGN + SLOTS * slotBytes(spec)
}

function slotBytes(spec: CipherSpec): number {
  return alignUp(materialBytes(keyBytesOf(spec)), SLOT_ALIGN)
}

/** Writes a new header into an area of zeros, `luksAreaBytes` long, with one passphrase, in slot 0. Throws `UNSUPPORTED` for a cipher that can't be. */
export function createLuks(
  store: LuksStore,
  { spec, hash, ...cost }: LuksOptions,
  passphrase: Uint8Array,
  crypto: CryptoProvider,
): OpenLuks {
  assertSpec(spec)
  const masterKey = crypto.randomBytes(keyBytesOf(spec))
  try {
    const header = newHeader(masterKey, { spec, hash, ...cost }, crypto)
    store.write(0, encodeLuksHeader(header))
    const slot = addKey(store, { header, masterKey }, passphrase, { ...cost, slot: 0 }, crypto)
    return { header, masterKey, slot, cipher: sectorCipher(spec, masterKey, crypto) }
  } catch (error) {
    masterKey.fill(0)
    throw error
  }
}

/** A header of empty slots. */
function newHeader(masterKey: Uint8Array, { spec, hash, ...cost }: LuksOptions, crypto: CryptoProvider): LuksHeader {
  const digestSalt = crypto.randomBytes(SALT_BYTES)
  const digestIterations = cost.iterations ?? timedIterations((cost.iterTime ?? ITER_TIME) / DIGEST_SHARE, hash, DIGEST_BYTES, crypto)
  return {
    spec,
    hash,
    payloadOffset: luksAreaBytes(spec),
    digest: digestOf(masterKey, digestSalt, digestIterations, hash, crypto),
    digestSalt,
    digestIterations,
    uuid: uuid(crypto),
    slots: Array.from({ length: SLOTS }, (_, i) => ({
      active: false,
      iterations: 0,
      salt: new Uint8Array(SALT_BYTES),
      keyOffset: SLOT_ALIGN + i * slotBytes(spec),
    })),
  }
}

/** A random UUID (RFC 9562, 5.4). */
function uuid(crypto: CryptoProvider): string {
  const bytes = crypto.randomBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
