import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import type { CipherSpec } from '../../../../src/engine/crypto/cipher-spec.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { type OpenLuks, openLuks, readLuksHeader, unlock } from '../../../../src/engine/crypto/luks.ts'
import type { LuksStore } from '../../../../src/engine/crypto/luks-area.ts'
import { createLuks } from '../../../../src/engine/crypto/luks-create.ts'
import { encodeLuksHeader, HEADER_BYTES } from '../../../../src/engine/crypto/luks-header.ts'
import { addKey, changeKey, removeKeys, slotsOf } from '../../../../src/engine/crypto/luks-keys.ts'
import { TraceStorage } from '../../../../src/engine/io/trace.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { emptyArea, storeOn } from '../../../fixtures/luks.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

/** With the shortest key there is, key material is small. */
const SPEC: CipherSpec = { cipher: 'aes-128', mode: 'cbc', ivgen: 'plain64' }
const MATERIAL = 16 * 4000
const COST = { iterations: 2 }
const [A, B, C] = ['first', 'second', 'third'].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array]

/** An area with a passphrase in each of the first slots. */
function area(...passphrases: Uint8Array[]): { storage: Storage; store: LuksStore; luks: OpenLuks } {
  const storage = emptyArea(SPEC)
  const store = storeOn(storage)
  const luks = createLuks(store, { spec: SPEC, hash: 'sha256', ...COST }, passphrases[0]!, nodeCrypto)
  for (const passphrase of passphrases.slice(1)) addKey(store, luks, passphrase, COST, nodeCrypto)
  return { storage, store, luks }
}

const slotFor = (store: LuksStore, passphrase: Uint8Array): number | string => {
  try {
    return openLuks(store, passphrase, nodeCrypto, {}).slot
  } catch {
    return 'none'
  }
}
/** What the file says must be what the open header says. */
function expectSame(store: LuksStore, luks: OpenLuks): void {
  expect(Buffer.compare(store.read(0, HEADER_BYTES), encodeLuksHeader(luks.header))).toBe(0)
}

describe('a passphrase', () => {
  it('is added to the first free slot, and opens the same key', () => {
    const { store, luks } = area(A)
    expect(addKey(store, luks, B, COST, nodeCrypto)).toBe(1)
    const opened = openLuks(store, B, nodeCrypto, {})
    expect(opened.slot).toBe(1)
    expect(Buffer.compare(opened.masterKey, luks.masterKey)).toBe(0)
    expect(slotFor(store, A)).toBe(0)
    expectSame(store, luks)
  })

  it('is added to the slot asked for', () => {
    const { store, luks } = area(A)
    expect(addKey(store, luks, B, { ...COST, slot: 7 }, nodeCrypto)).toBe(7)
    expect(slotFor(store, B)).toBe(7)
    expect(addKey(store, luks, C, COST, nodeCrypto)).toBe(1)
    expectSame(store, luks)
  })

  it('does not take the place of another unless forced', () => {
    const { store, luks } = area(A, B)
    expect(codeOf(() => addKey(store, luks, C, { ...COST, slot: 1 }, nodeCrypto))).toBe('EXISTS')
    expect(slotFor(store, B)).toBe(1)
    addKey(store, luks, C, { ...COST, slot: 1, force: true }, nodeCrypto)
    expect([slotFor(store, B), slotFor(store, C)]).toEqual(['none', 1])
    expectSame(store, luks)
  })

  it('is refused a ninth slot, and one that is not there', () => {
    const { store, luks } = area(A, A, A, A, A, A, A, A)
    expect(codeOf(() => addKey(store, luks, B, COST, nodeCrypto))).toBe('INVALID_ARGUMENT')
    for (const slot of [8, -1, 0.5]) expect(codeOf(() => addKey(store, luks, B, { ...COST, slot }, nodeCrypto))).toBe('INVALID_ARGUMENT')
  })

  it('is removed with its key material and its salt', () => {
    const { store, luks } = area(A, B)
    const { keyOffset } = luks.header.slots[1]!
    const before = store.read(keyOffset, MATERIAL)
    removeKeys(store, luks.header, [1], false, nodeCrypto)
    const after = store.read(keyOffset, MATERIAL)
    expect([slotFor(store, A), slotFor(store, B)]).toEqual([0, 'none'])
    for (let at = 0; at < MATERIAL; at += 512)
      expect(Buffer.compare(before.subarray(at, at + 512), after.subarray(at, at + 512))).not.toBe(0)
    expect(luks.header.slots[1]!.salt.every((byte) => byte === 0)).toBe(true)
    expectSame(store, luks)
  })

  it('names every slot that it opens', () => {
    const { store, luks } = area(A, B, A)
    expect(slotsOf(store, luks.header, A, nodeCrypto)).toEqual([0, 2])
    expect(codeOf(() => slotsOf(store, luks.header, C, nodeCrypto))).toBe('WRONG_PASSPHRASE')
  })

  it('is not removed where none would be left, unless forced', () => {
    const { store, luks } = area(A, A)
    const refused = thrown(() => removeKeys(store, luks.header, [0, 1], false, nodeCrypto))
    expect(refused.code).toBe('INVALID_ARGUMENT')
    expect(refused.hint).toContain('another passphrase')
    expect(slotFor(store, A)).toBe(0)
    removeKeys(store, luks.header, [0], false, nodeCrypto)
    expect(codeOf(() => removeKeys(store, luks.header, [1], false, nodeCrypto))).toBe('INVALID_ARGUMENT')
    expect(slotFor(store, A)).toBe(1)
    removeKeys(store, luks.header, [1], true, nodeCrypto)
    expect(slotFor(store, A)).toBe('none')
    expectSame(store, luks)
  })

  it('is not removed from an empty slot, and then none is', () => {
    const { store, luks } = area(A, B)
    expect(codeOf(() => removeKeys(store, luks.header, [0, 5], false, nodeCrypto))).toBe('NOT_FOUND')
    expect(slotFor(store, A)).toBe(0)
  })

  it('is changed for another in every slot that it opens', () => {
    const { store, luks } = area(A, B, A)
    expect(changeKey(store, luks, { from: A, to: C }, COST, nodeCrypto)).toBe(3)
    expect([A, B, C].map((passphrase) => slotFor(store, passphrase))).toEqual(['none', 1, 3])
    expect(luks.header.slots.map(({ active }) => active)).toEqual([false, true, false, true, false, false, false, false])
    expectSame(store, luks)
  })

  it('is changed in place where all slots are in use', () => {
    const { store, luks } = area(B, B, A, B, B, B, B, A)
    expect(changeKey(store, luks, { from: A, to: C }, COST, nodeCrypto)).toBe(2)
    expect([A, B, C].map((passphrase) => slotFor(store, passphrase))).toEqual(['none', 0, 2])
    expect(luks.header.slots[7]!.active).toBe(false)
  })

  it('is not changed without the old one', () => {
    const { store, luks } = area(A)
    expect(codeOf(() => changeKey(store, luks, { from: B, to: C }, COST, nodeCrypto))).toBe('WRONG_PASSPHRASE')
    expect([slotFor(store, A), slotFor(store, C)]).toEqual([0, 'none'])
  })
})

/** Which of the passphrases opens each active slot; none where a slot is damaged. */
function openers(store: LuksStore): (Uint8Array | undefined)[] {
  const header = readLuksHeader(store, {})
  const active = header.slots.flatMap((slot, i) => (slot.active ? [i] : []))
  return active.map((slot) => [A, B, C].find((passphrase) => unlock(store, header, passphrase, nodeCrypto, slot)?.slot === slot))
}

/** What is done to an area with A and B, and the passphrases of which one must open it at every moment. */
const SCENARIOS: [what: string, good: Uint8Array[], change: (store: LuksStore, luks: OpenLuks) => void][] = [
  ['added', [A], (store, luks) => void addKey(store, luks, C, COST, nodeCrypto)],
  ['added to slot 6, which lies across two sectors', [A], (store, luks) => void addKey(store, luks, C, { ...COST, slot: 6 }, nodeCrypto)],
  ['removed', [A], (store, luks) => removeKeys(store, luks.header, [1], false, nodeCrypto)],
  ['overwritten', [A], (store, luks) => void addKey(store, luks, C, { ...COST, slot: 1, force: true }, nodeCrypto)],
  ['changed', [A, C], (store, luks) => void changeKey(store, luks, { from: A, to: C }, COST, nodeCrypto)],
]

describe('when the power fails while a passphrase is', () => {
  it.each(SCENARIOS)('%s, the disk can still be opened', (_what, good, change) => {
    const { storage, luks } = area(A, B)
    const trace = new TraceStorage(storage)
    change(storeOn(trace), luks)
    const random = new Random(3)
    for (let upTo = 0; upTo <= trace.calls.length; upTo++) {
      if (trace.calls[upTo - 1]?.kind === 'read') continue
      for (let turn = 0; turn < 2; turn++) {
        const left = storeOn(trace.afterCrash({ upTo, choose: () => random.below(3) > 0, tear: () => random.below(2) === 0 }))
        const opened = openers(left)
        // A slot that is said to be in use opens, so that nobody counts on one that does not.
        expect(opened).not.toContain(undefined)
        expect(good.some((passphrase) => opened.includes(passphrase))).toBe(true)
      }
    }
  })
})
