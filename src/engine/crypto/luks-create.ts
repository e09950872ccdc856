import { alignUp } from '../base/ints.ts'
import { assertSpec, type CipherSpec, keyBytesOf, sectorCipher } from './cipher-spec.ts'
import type { CryptoProvider, HashName } from './crypto-provider.ts'
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

/** QEMU's defaults. */
export const LUKS_DEFAULTS: LuksOptions = { spec: { cipher: 'aes-256', mode: 'xts', ivgen: 'plain64' }, hash: 'sha256' }

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
  const digestSalt = crypto.randomBytes(SALT_BYTES)
  const digestIterations = cost.iterations ?? timedIterations((cost.iterTime ?? ITER_TIME) / DIGEST_SHARE, hash, DIGEST_BYTES, crypto)
  const header: LuksHeader = {
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
  store.write(0, encodeLuksHeader(header))
  const slot = addKey(store, { header, masterKey }, passphrase, { ...cost, slot: 0 }, crypto)
  return { header, masterKey, slot, cipher: sectorCipher(spec, masterKey, crypto) }
}

/** A random UUID (RFC 9562, 5.4). */
function uuid(crypto: CryptoProvider): string {
  const bytes = crypto.randomBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
