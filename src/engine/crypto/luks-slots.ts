import { StrataError, type Where } from '../../shared/errors.ts'
import { alignUp } from '../base/ints.ts'
import { struct } from '../base/struct.ts'
import { assertIterations } from './kdf.ts'
import { SECTOR } from './sector-cipher.ts'

/** Key slots of a header, always. */
export const SLOTS = 8
/** How many times its length a key is spread over; every program writes and takes this alone. */
export const STRIPES = 4000
export const SALT_BYTES = 32
const SALT_AT = 8
/** Sectors of the partition header, where no key material may lie. */
const HEADER_SECTORS = 2
const ACTIVE = 0x00ac71f3
const INACTIVE = 0x0000dead

/** The record of a key slot (LUKS On-Disk Format Specification 1.2.3, figure 2). `keyOffset` in sectors from the start of the header. */
export const SLOT = struct('LUKS key slot', 48, {
  active: [0, 'u32'],
  iterations: [4, 'u32'],
  keyOffset: [40, 'u32'],
  stripes: [44, 'u32'],
})
/** Byte offset of the first record in the header. */
const SLOTS_AT = 208

/** A place for one passphrase's copy of the master key. */
export interface LuksSlot {
  active: boolean
  /** of PBKDF2; 0 where nothing is stored */
  iterations: number
  salt: Uint8Array
  /** where the key material begins, in bytes from the start of the header */
  keyOffset: number
}

/** Byte offset of a slot's record in the header. */
export function slotAt(index: number): number {
  return SLOTS_AT + index * SLOT.size
}

/** Bytes of key material for a master key of `keyBytes`: whole sectors. */
export function materialBytes(keyBytes: number): number {
  return alignUp(keyBytes * STRIPES, SECTOR)
}

/** The record of a slot; with the mark of an active one as its first word, or of an inactive one. */
export function encodeSlot({ active, iterations, salt, keyOffset }: LuksSlot): Uint8Array {
  const record = new Uint8Array(SLOT.size)
  SLOT.encode({ active: active ? ACTIVE : INACTIVE, iterations, keyOffset: keyOffset / SECTOR, stripes: STRIPES }, record)
  record.set(salt, SALT_AT)
  return record
}

/** Reads one record; `where` is of its first byte. Throws `CORRUPT` or `UNSUPPORTED` with the field. */
export function decodeSlot(record: Uint8Array, where: Where): LuksSlot {
  const at = (field: keyof typeof SLOT.fields): Where => ({
    ...where,
    offset: (where.offset ?? 0) + SLOT.at(field),
    field: `${where.field} ${field}`,
  })
  const { active, iterations, keyOffset, stripes } = SLOT.decode(record, where)
  if (active !== ACTIVE && active !== INACTIVE)
    throw new StrataError('CORRUPT', `A LUKS ${where.field} is neither active nor inactive`, at('active'))
  if (stripes !== STRIPES)
    throw new StrataError('CORRUPT', `A LUKS ${where.field} spreads its key ${stripes} times instead of ${STRIPES}`, at('stripes'))
  if (active === ACTIVE) assertIterations(iterations, at('iterations'))
  return { active: active === ACTIVE, iterations, salt: record.slice(SALT_AT, SALT_AT + SALT_BYTES), keyOffset: keyOffset * SECTOR }
}

/** Throws `CORRUPT` where key material does not lie between the header and `end`, or over that of another slot. `where` is of a slot's record. */
export function assertApart(slots: readonly LuksSlot[], keyBytes: number, end: number, where: (index: number) => Where): void {
  const length = materialBytes(keyBytes)
  for (const [index, { keyOffset }] of slots.entries()) {
    const over = slots.findIndex((other, i) => i < index && Math.abs(other.keyOffset - keyOffset) < length)
    const outside = keyOffset < HEADER_SECTORS * SECTOR || keyOffset + length > end
    if (over < 0 && !outside) continue
    const place = where(index)
    const clash = outside ? `does not lie between the header and byte ${end} of its area` : `lies over that of slot ${over}`
    throw new StrataError('CORRUPT', `The key material of LUKS slot ${index} ${clash}`, {
      ...place,
      offset: (place.offset ?? 0) + SLOT.at('keyOffset'),
      field: `${place.field} keyOffset`,
    })
  }
}
