import { describe, expect, it } from 'vitest'
import { afMerge, afSplit } from '../../../../src/engine/crypto/af-splitter.ts'
import { HASH_BYTES, type HashName } from '../../../../src/engine/crypto/crypto-provider.ts'
import { PROVIDERS } from '../../../fixtures/luks.ts'
import { Random } from '../../../fixtures/random.ts'

const HASHES = Object.keys(HASH_BYTES) as HashName[]

describe.each(PROVIDERS)('the anti-forensic splitter on %s crypto', (_name, crypto) => {
  it.each(HASHES)('gives a key back that was spread with %s', (hash) => {
    for (const length of [16, 24, 32, 48, 64]) {
      const key = new Random(length).bytes(length)
      const split = afSplit(key, 50, hash, crypto)
      expect(split.length).toBe(length * 50)
      expect(Buffer.compare(afMerge(split, length, 50, hash, crypto), key)).toBe(0)
    }
  })

  it('gives another key when any bit is lost', () => {
    const key = new Random(1).bytes(32)
    const split = afSplit(key, 20, 'sha256', crypto)
    for (let at = 0; at < split.length; at += 7) {
      split[at] = split[at]! ^ 1
      expect(Buffer.compare(afMerge(split, 32, 20, 'sha256', crypto), key)).not.toBe(0)
      split[at] = split[at]! ^ 1
    }
  })

  it('spreads a key in another way each time', () => {
    const key = new Uint8Array(32)
    expect(Buffer.compare(afSplit(key, 4, 'sha1', crypto), afSplit(key, 4, 'sha1', crypto))).not.toBe(0)
  })
})
