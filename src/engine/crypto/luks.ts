import { StrataError, type Where } from '../../shared/errors.ts'
import { afMerge } from './af-splitter.ts'
import { keyBytesOf, sectorCipher } from './cipher-spec.ts'
import type { CryptoProvider, HashName } from './crypto-provider.ts'
import type { LuksArea } from './luks-area.ts'
import { decodeLuksHeader, DIGEST_BYTES, HEADER_BYTES, type LuksHeader } from './luks-header.ts'
import { type LuksSlot, materialBytes, STRIPES } from './luks-slots.ts'
import type { SectorCipher } from './sector-cipher.ts'

/** An unlocked LUKS header. */
export interface OpenLuks {
  header: LuksHeader
  /** encrypts the payload */
  cipher: SectorCipher
  /** what every slot holds; whoever keeps it overwrites it */
  masterKey: Uint8Array
  /** the slot that the passphrase opened */
  slot: number
}

/** Reads and checks a header. `where` is the place of its first byte. */
export function readLuksHeader(area: LuksArea, where: Where): LuksHeader {
  return decodeLuksHeader(area.read(0, Math.min(HEADER_BYTES, area.length)), area.length, where)
}

/** Unlocks a header. Throws `WRONG_PASSPHRASE` where the passphrase opens no slot, and what a damaged header makes `readLuksHeader` throw. */
export function openLuks(area: LuksArea, passphrase: Uint8Array, crypto: CryptoProvider, where: Where): OpenLuks {
  const header = readLuksHeader(area, where)
  const found = unlock(area, header, passphrase, crypto)
  if (!found)
    throw new StrataError('WRONG_PASSPHRASE', 'The passphrase opens no key slot of the image', where, 'Check the passphrase and try again.')
  return { header, cipher: sectorCipher(header.spec, found.masterKey, crypto), ...found }
}

/** The first active slot from `from` on that the passphrase opens. The caller overwrites the key. */
export function unlock(
  area: LuksArea,
  header: LuksHeader,
  passphrase: Uint8Array,
  crypto: CryptoProvider,
  from = 0,
): { masterKey: Uint8Array; slot: number } | undefined {
  for (const [slot, record] of header.slots.entries()) {
    if (slot < from || !record.active) continue
    const masterKey = candidate(area, header, record, passphrase, crypto)
    if (isMasterKey(masterKey, header, crypto)) return { masterKey, slot }
    masterKey.fill(0)
  }
  return undefined
}

/** The key that a slot gives for a passphrase, right or wrong. */
function candidate(area: LuksArea, header: LuksHeader, slot: LuksSlot, passphrase: Uint8Array, crypto: CryptoProvider): Uint8Array {
  const { spec, hash } = header
  const keyBytes = keyBytesOf(spec)
  const material = area.read(slot.keyOffset, materialBytes(keyBytes))
  withSlotCipher(header, slot, passphrase, crypto, (cipher) => cipher.decrypt(0, material))
  const key = afMerge(material, keyBytes, STRIPES, hash, crypto)
  material.fill(0)
  return key
}

/** Lends the cipher of a slot's key material, which is keyed by the passphrase and numbers its sectors from 0. */
export function withSlotCipher(
  { spec, hash }: LuksHeader,
  { salt, iterations }: LuksSlot,
  passphrase: Uint8Array,
  crypto: CryptoProvider,
  use: (cipher: SectorCipher) => void,
): void {
  const key = crypto.pbkdf2(hash, passphrase, salt, iterations, keyBytesOf(spec))
  const cipher = sectorCipher(spec, key, crypto)
  key.fill(0)
  try {
    use(cipher)
  } finally {
    cipher.wipe()
  }
}

/** What the header keeps of its master key. */
export function digestOf(masterKey: Uint8Array, salt: Uint8Array, iterations: number, hash: HashName, crypto: CryptoProvider): Uint8Array {
  return crypto.pbkdf2(hash, masterKey, salt, iterations, DIGEST_BYTES)
}

function isMasterKey(key: Uint8Array, header: LuksHeader, crypto: CryptoProvider): boolean {
  const digest = digestOf(key, header.digestSalt, header.digestIterations, header.hash, crypto)
  return digest.every((byte, i) => byte === header.digest[i])
}
