import { createCipheriv } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { legacyAes } from '../../../../src/engine/crypto/legacy-aes.ts'
import { PROVIDERS } from '../../../fixtures/luks.ts'

/** A key of 16 bytes and the passphrases that stand for it. */
const PASSPHRASES: [what: string, passphrase: Uint8Array, key: Buffer][] = [
  ['short', bytesOf('abc'), Buffer.from('abc\0\0\0\0\0\0\0\0\0\0\0\0\0')],
  ['as long as the key', bytesOf('0123456789abcdef'), Buffer.from('0123456789abcdef')],
  ['longer', bytesOf('0123456789abcdefXYZ'), Buffer.from('0123456789abcdef')],
  ['of more bytes than letters', bytesOf('ünïcödé'), Buffer.concat([Buffer.from('ünïcödé'), Buffer.alloc(16)]).subarray(0, 16)],
]

describe.each(PROVIDERS)('legacy AES by %s crypto', (_name, crypto) => {
  it.each(PASSPHRASES)('takes a passphrase that is %s as the key', (_what, passphrase, key) => {
    const vector = Buffer.alloc(16)
    vector.writeBigUInt64LE(2n ** 33n + 5n)
    const expected = createCipheriv('aes-128-cbc', key, vector).setAutoPadding(false).update(new Uint8Array(512).fill(9))
    const bytes = new Uint8Array(512).fill(9)
    const cipher = legacyAes(passphrase, crypto)
    cipher.encrypt(2 ** 33 + 5, bytes)
    expect(Buffer.compare(bytes, expected)).toBe(0)
    cipher.decrypt(2 ** 33 + 5, bytes)
    expect(bytes.every((byte) => byte === 9)).toBe(true)
  })
})
