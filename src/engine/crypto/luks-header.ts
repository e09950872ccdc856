import { StrataError, type Where } from '../../shared/errors.ts'
import { bytesOf, textOf } from '../base/bytes.ts'
import { struct } from '../base/struct.ts'
import { type CipherSpec, keyBytesOf } from './cipher-spec.ts'
import type { HashName } from './crypto-provider.ts'
import { assertIterations } from './kdf.ts'
import { hashOf, namesOf, specOf } from './luks-names.ts'
import { assertApart, decodeSlot, encodeSlot, type LuksSlot, SALT_BYTES, SLOT, slotAt, SLOTS } from './luks-slots.ts'
import { SECTOR } from './sector-cipher.ts'

/** Bytes of the partition header of LUKS 1, which key material follows. */
export const HEADER_BYTES = 592
export const DIGEST_BYTES = 20
const MAGIC = Uint8Array.of(0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe)
const VERSION = 1

/** The numbers of the partition header (LUKS On-Disk Format Specification 1.2.3, figure 1). The payload's offset is in sectors. */
const NUMBERS = struct('LUKS header', HEADER_BYTES, {
  version: [6, 'u16'],
  payloadOffset: [104, 'u32'],
  keyBytes: [108, 'u32'],
  digestIterations: [164, 'u32'],
})
/** Texts, each ended by a zero, and bytes: where they begin and how long they are. */
const TEXTS = { cipher: [8, 32], mode: [40, 32], hash: [72, 32], uuid: [168, 40] } as const
const DIGEST_AT = 112
const DIGEST_SALT_AT = 132

/** A LUKS 1 header, taken apart. */
export interface LuksHeader {
  spec: CipherSpec
  /** of key derivation and of the splitter */
  hash: HashName
  /** where the payload of a disk that is all LUKS begins, in bytes; where the header stands apart, it says how long that is */
  payloadOffset: number
  /** tells the master key from any other */
  digest: Uint8Array
  digestSalt: Uint8Array
  digestIterations: number
  uuid: string
  slots: LuksSlot[]
}

/**
 * Takes a header apart. `areaLength` is the room of the header and its key material in bytes, and `where` the place of its first byte.
 * Throws `CORRUPT` for what contradicts the format and `UNSUPPORTED` for what Strata does not have, with the field.
 */
export function decodeLuksHeader(bytes: Uint8Array, areaLength: number, where: Where): LuksHeader {
  const at = (offset: number, field: string): Where => ({ ...where, offset: (where.offset ?? 0) + offset, field })
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new StrataError('CORRUPT', 'The LUKS header does not begin with its magic', at(0, 'magic'))
  if (bytes.length < HEADER_BYTES) throw new StrataError('CORRUPT', 'The LUKS header is cut short', at(bytes.length, 'header'))
  const { version, keyBytes, payloadOffset, digestIterations } = NUMBERS.decode(bytes, where)
  if (version !== VERSION)
    throw new StrataError(
      'UNSUPPORTED',
      `The image is encrypted with LUKS version ${version}; Strata has version ${VERSION}`,
      at(NUMBERS.at('version'), 'version'),
    )
  const placeOf = (field: keyof typeof TEXTS | 'keyBytes') => at(field === 'keyBytes' ? NUMBERS.at(field) : TEXTS[field][0], field)
  const text = (field: keyof typeof TEXTS) => readText(bytes, TEXTS[field], placeOf(field))
  const spec = specOf({ cipher: text('cipher'), mode: text('mode') }, keyBytes, placeOf)
  const hash = hashOf(text('hash'), placeOf('hash'))
  assertIterations(digestIterations, at(NUMBERS.at('digestIterations'), 'digestIterations'))
  const slotPlace = (index: number) => at(slotAt(index), `key slot ${index}`)
  const slots = Array.from({ length: SLOTS }, (_, i) => decodeSlot(bytes.subarray(slotAt(i), slotAt(i) + SLOT.size), slotPlace(i)))
  assertApart(slots, keyBytes, Math.min(areaLength, payloadOffset * SECTOR), slotPlace)
  return {
    spec,
    hash,
    payloadOffset: payloadOffset * SECTOR,
    digest: bytes.slice(DIGEST_AT, DIGEST_AT + DIGEST_BYTES),
    digestSalt: bytes.slice(DIGEST_SALT_AT, DIGEST_SALT_AT + SALT_BYTES),
    digestIterations,
    uuid: text('uuid'),
    slots,
  }
}

function readText(bytes: Uint8Array, [at, length]: readonly [number, number], where: Where): string {
  const field = bytes.subarray(at, at + length)
  const text = textOf(field.subarray(0, Math.max(0, field.indexOf(0))))
  if (field.includes(0) && /^[\x21-\x7e]*$/.test(text)) return text
  throw new StrataError('CORRUPT', `The ${where.field} in the LUKS header is no text`, where)
}

export function encodeLuksHeader({ spec, hash, payloadOffset, digest, digestSalt, digestIterations, uuid, slots }: LuksHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  bytes.set(MAGIC)
  NUMBERS.encode({ version: VERSION, payloadOffset: payloadOffset / SECTOR, keyBytes: keyBytesOf(spec), digestIterations }, bytes)
  for (const [field, value] of Object.entries({ ...namesOf(spec), hash, uuid }))
    bytes.set(bytesOf(value), TEXTS[field as keyof typeof TEXTS][0])
  bytes.set(digest, DIGEST_AT)
  bytes.set(digestSalt, DIGEST_SALT_AT)
  for (const [index, slot] of slots.entries()) bytes.set(encodeSlot(slot), slotAt(index))
  return bytes
}
