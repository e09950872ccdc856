import { StrataError } from '../../shared/errors.ts'
import { afSplit } from './af-splitter.ts'
import { keyBytesOf } from './cipher-spec.ts'
import type { CryptoProvider } from './crypto-provider.ts'
import { ITER_TIME, timedIterations } from './kdf.ts'
import { type OpenLuks, unlock, withSlotCipher } from './luks.ts'
import type { LuksStore } from './luks-area.ts'
import type { LuksHeader } from './luks-header.ts'
import { encodeSlot, type LuksSlot, materialBytes, SALT_BYTES, SLOT, slotAt, STRIPES } from './luks-slots.ts'

/** What a new passphrase costs to try: milliseconds that are measured, two seconds where absent; or a count, which is not. */
export interface KeyCost {
  iterTime?: number
  iterations?: number
}

/** What changing key slots needs of an unlocked header. A change of the file is a change of `header` too. */
export type Keys = Pick<OpenLuks, 'header' | 'masterKey'>

/** Adds a passphrase to slot `index`, or the first free one, and answers with the slot. Throws `EXISTS` for a slot in use, unless `force`. */
export function addKey(
  store: LuksStore,
  keys: Keys,
  passphrase: Uint8Array,
  { slot = freeSlot(keys.header), force = false, ...cost }: KeyCost & { slot?: number; force?: boolean },
  crypto: CryptoProvider,
): number {
  if (slotOf(keys.header, slot).active) {
    if (!force) throw new StrataError('EXISTS', `Key slot ${slot} is in use`, {}, 'Remove its passphrase first.')
    retire(store, keys.header, slot)
  }
  fill(store, keys, slot, passphrase, cost, crypto)
  return slot
}

/** Empties the slots named. Throws `NOT_FOUND` for one that is empty already, and refuses to empty all that are left unless `force`. */
export function removeKeys(store: LuksStore, header: LuksHeader, slots: readonly number[], force: boolean, crypto: CryptoProvider): void {
  for (const slot of slots)
    if (!slotOf(header, slot).active)
      throw new StrataError('NOT_FOUND', `Key slot ${slot} holds no passphrase`, {}, 'Name a slot that is in use.')
  if (!force && header.slots.every(({ active }, i) => !active || slots.includes(i)))
    throw new StrataError(
      'INVALID_ARGUMENT',
      'No passphrase would be left, and what is on the disk would be lost for good',
      {},
      'Add another passphrase first.',
    )
  for (const slot of slots) {
    retire(store, header, slot)
    store.write(header.slots[slot]!.keyOffset, crypto.randomBytes(materialBytes(keyBytesOf(header.spec))))
    store.flush()
  }
}

/** Every slot that a passphrase opens. Throws `WRONG_PASSPHRASE` for none. */
export function slotsOf(store: LuksStore, header: LuksHeader, passphrase: Uint8Array, crypto: CryptoProvider): number[] {
  const slots: number[] = []
  for (let from = 0, found; (found = unlock(store, header, passphrase, crypto, from)); from = found.slot + 1) {
    found.masterKey.fill(0)
    slots.push(found.slot)
  }
  if (slots.length === 0) throw new StrataError('WRONG_PASSPHRASE', 'The passphrase opens no key slot of the image')
  return slots
}

/**
 * Puts one passphrase in the place of another, and answers with the new one's slot. The new one is there before the old one goes. Where no
 * slot is free it takes the old one's: then the seven others stay good whenever the power fails.
 */
export function changeKey(
  store: LuksStore,
  keys: Keys,
  { from, to }: { from: Uint8Array; to: Uint8Array },
  cost: KeyCost,
  crypto: CryptoProvider,
): number {
  const old = slotsOf(store, keys.header, from, crypto)
  const free = keys.header.slots.findIndex(({ active }) => !active)
  if (free < 0) {
    const [first, ...more] = old
    addKey(store, keys, to, { ...cost, slot: first!, force: true }, crypto)
    removeKeys(store, keys.header, more, false, crypto)
    return first!
  }
  addKey(store, keys, to, { ...cost, slot: free }, crypto)
  removeKeys(store, keys.header, old, false, crypto)
  return free
}

function slotOf(header: LuksHeader, index: number): LuksSlot {
  const slot = header.slots[index]
  if (!slot) throw new StrataError('INVALID_ARGUMENT', `There is no key slot ${index}`, {}, `Slots are 0 to ${header.slots.length - 1}.`)
  return slot
}

function freeSlot(header: LuksHeader): number {
  const free = header.slots.findIndex(({ active }) => !active)
  if (free < 0) throw new StrataError('INVALID_ARGUMENT', 'All key slots are in use', {}, 'Remove a passphrase first.')
  return free
}

/** Writes key material and its record, and only then, as one word, that the slot is active. */
function fill(
  store: LuksStore,
  { header, masterKey }: Keys,
  index: number,
  passphrase: Uint8Array,
  cost: KeyCost,
  crypto: CryptoProvider,
): void {
  const { spec, hash, slots } = header
  const { keyOffset } = slotOf(header, index)
  const iterations = cost.iterations ?? timedIterations(cost.iterTime ?? ITER_TIME, hash, masterKey.length, crypto)
  const slot: LuksSlot = { active: true, iterations, salt: crypto.randomBytes(SALT_BYTES), keyOffset }
  const split = afSplit(masterKey, STRIPES, hash, crypto)
  const material = new Uint8Array(materialBytes(keyBytesOf(spec)))
  material.set(split)
  split.fill(0)
  withSlotCipher(header, slot, passphrase, crypto, (cipher) => cipher.encrypt(0, material))
  store.write(keyOffset, material)
  store.write(slotAt(index), encodeSlot({ ...slot, active: false }))
  store.flush()
  store.write(slotAt(index) + SLOT.at('active'), encodeSlot(slot).subarray(SLOT.at('active'), SLOT.at('iterations')))
  store.flush()
  slots[index] = slot
}

/** Marks a slot as empty and forgets its salt, without which its key material is of no use to anybody. */
function retire(store: LuksStore, header: LuksHeader, index: number): void {
  const slot: LuksSlot = { ...slotOf(header, index), active: false, iterations: 0, salt: new Uint8Array(SALT_BYTES) }
  store.write(slotAt(index), encodeSlot(slot))
  store.flush()
  header.slots[index] = slot
}
