import { createCipheriv } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Cbc } from '../../../../src/engine/crypto/cbc.ts'
import { Ctr } from '../../../../src/engine/crypto/ctr.ts'
import { bytesOfWords } from '../../../../src/engine/crypto/sector-mode.ts'
import { Xts } from '../../../../src/engine/crypto/xts.ts'
import { PROVIDERS } from '../../../fixtures/luks.ts'

const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Bytes as aligned words. */
function words(bytes: Uint8Array): Int32Array {
  const aligned = new Int32Array(bytes.length / 4)
  bytesOfWords(aligned).set(bytes)
  return aligned
}

/** IEEE 1619-2007, annex B: a sector of the bytes 0 to 255, twice. Only both ends of the result are compared. */
const IEEE_1619: [vector: number, key: string, number: number, first: string, last: string][] = [
  [
    4,
    '27182818284590452353602874713526' + '31415926535897932384626433832795',
    0,
    '27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c',
    'eb4a427d1923ce3ff262735779a418f20a282df920147beabe421ee5319d0568',
  ],
  [
    10,
    '2718281828459045235360287471352662497757247093699959574966967627' + '3141592653589793238462643383279502884197169399375105820974944592',
    0xff,
    '1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b',
    '773dad38014bd2092fa755c824bb5e54c4f36ffda9fcea70b9c6e693e148c151',
  ],
]

/** NIST SP 800-38A, appendix F: four blocks, here at the start of a sector. */
const NIST_KEY = '2b7e151628aed2a6abf7158809cf4f3c'
const NIST_PLAIN =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'

describe.each(PROVIDERS)('with %s crypto', (_name, crypto) => {
  it.each(IEEE_1619)('XTS gives vector %i of IEEE 1619', (_vector, key, number, first, last) => {
    const mode = new Xts(unhex(key), crypto)
    const plain = Uint8Array.from({ length: 512 }, (_, i) => i)
    const data = words(plain)
    mode.encrypt(data, Int32Array.of(number, 0, 0, 0))
    expect(hex(bytesOfWords(data)).slice(0, 64)).toBe(first)
    expect(hex(bytesOfWords(data)).slice(-64)).toBe(last)
    mode.decrypt(data, Int32Array.of(number, 0, 0, 0))
    expect(hex(bytesOfWords(data))).toBe(hex(plain))
  })

  it('CBC gives vector F.2.1 of SP 800-38A', () => {
    const data = words(unhex(NIST_PLAIN.padEnd(1024, '0')))
    new Cbc(unhex(NIST_KEY), crypto).encrypt(data, words(unhex('000102030405060708090a0b0c0d0e0f')))
    expect(hex(bytesOfWords(data)).slice(0, 128)).toBe(
      '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7',
    )
  })

  it('CTR gives vector F.5.1 of SP 800-38A', () => {
    const data = words(unhex(NIST_PLAIN.padEnd(1024, '0')))
    new Ctr(unhex(NIST_KEY), crypto).encrypt(data, words(unhex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')))
    expect(hex(bytesOfWords(data)).slice(0, 128)).toBe(
      '874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee',
    )
  })

  it('CTR counts on where the number is full', () => {
    const first = 'fffffffffffffffffffffffffffffff0'
    const data = new Int32Array(128)
    new Ctr(unhex(NIST_KEY), crypto).encrypt(data, words(unhex(first)))
    const expected = createCipheriv('aes-128-ctr', unhex(NIST_KEY), unhex(first)).update(new Uint8Array(512))
    expect(hex(bytesOfWords(data))).toBe(expected.toString('hex'))
  })
})
