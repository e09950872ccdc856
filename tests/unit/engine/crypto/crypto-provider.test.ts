import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASH_BYTES, type HashName } from '../../../../src/engine/crypto/crypto-provider.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { portableCrypto } from '../../../../src/engine/crypto/crypto.portable.ts'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { PROVIDERS } from '../../../fixtures/luks.ts'

const HASHES = Object.keys(HASH_BYTES) as HashName[]
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** Digests of "abc" (RFC 1321, FIPS 180-4 examples, the RIPEMD-160 paper). */
const ABC: Record<HashName, string> = {
  md5: '900150983cd24fb0d6963f7d28e17f72',
  sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  sha224: '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha384: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ripemd160: '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc',
}

/** RFC 6070 (SHA-1) and RFC 7914, section 11 (SHA-256). */
const DERIVED: [hash: HashName, passphrase: string, salt: string, iterations: number, key: string][] = [
  ['sha1', 'password', 'salt', 1, '0c60c80f961f0e71f3a9b524af6012062fe037a6'],
  ['sha1', 'password', 'salt', 2, 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'],
  ['sha1', 'password', 'salt', 4096, '4b007901b765489abead49d926f721d065a429c1'],
  ['sha1', 'passwordPASSWORDpassword', 'saltSALTsaltSALTsaltSALTsaltSALTsalt', 4096, '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038'],
  ['sha1', 'pass\0word', 'sa\0lt', 4096, '56fa6aa75548099dcc37d7f03425e0c3'],
  [
    'sha256',
    'passwd',
    'salt',
    1,
    '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
  ],
  [
    'sha256',
    'Password',
    'NaCl',
    80000,
    '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
  ],
]

/** FIPS 197, appendix C. */
const PLAIN = '00112233445566778899aabbccddeeff'
const SEALED: Record<number, string> = {
  16: '69c4e0d86a7b0430d8cdb78070b4c55a',
  24: 'dda97ca4864cdfe06eaf70a0ec0d7191',
  32: '8ea2b7ca516745bfeafc49904b496089',
}

describe.each(PROVIDERS)('%s crypto', (_name, crypto) => {
  it.each(HASHES)('hashes by %s', (hash) => {
    expect(hex(crypto.hash(hash, bytesOf('abc')))).toBe(ABC[hash])
    expect(crypto.hash(hash, new Uint8Array(1000)).length).toBe(HASH_BYTES[hash])
  })

  it.each(DERIVED)('derives a key with %s of "%s" and "%s" in %i iterations', (hash, passphrase, salt, iterations, key) => {
    const derived = crypto.pbkdf2(hash, bytesOf(passphrase), bytesOf(salt), iterations, key.length / 2)
    expect(hex(derived)).toBe(key)
  })

  it.each([16, 24, 32])('encrypts blocks with a key of %i bytes, each by itself, and gives them back', (length) => {
    const key = Uint8Array.from({ length }, (_, i) => i)
    const cipher = crypto.aes(key)
    key.fill(0)
    const bytes = unhex(PLAIN.repeat(3))
    cipher.encrypt(bytes)
    expect(hex(bytes)).toBe(SEALED[length]!.repeat(3))
    cipher.decrypt(bytes.subarray(16, 32))
    expect(hex(bytes)).toBe(SEALED[length]! + PLAIN + SEALED[length]!)
    cipher.encrypt(bytes.subarray(16, 32))
    cipher.decrypt(bytes)
    expect(hex(bytes)).toBe(PLAIN.repeat(3))
  })

  it('is no longer the same cipher when its key is overwritten', () => {
    const cipher = crypto.aes(new Uint8Array(16).fill(7))
    const before = unhex(PLAIN)
    cipher.encrypt(before)
    cipher.wipe()
    const after = unhex(PLAIN)
    try {
      cipher.encrypt(after)
    } catch {
      return
    }
    expect(hex(after)).not.toBe(hex(before))
  })

  it.each([1, 16, 65536, 200_001])('makes %i random bytes, others each time', (length) => {
    const bytes = crypto.randomBytes(length)
    expect(bytes.length).toBe(length)
    if (length < 16) return
    expect(hex(bytes)).not.toBe(hex(crypto.randomBytes(length)))
    expect(bytes.subarray(-16).every((byte) => byte === 0)).toBe(false)
  })
})

describe('native and portable crypto', () => {
  it('agree on hashes and derived keys', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(
        fc.constantFrom(...HASHES),
        bytes,
        bytes,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 200 }),
        (hash, a, b, n, length) => {
          expect(hex(portableCrypto.hash(hash, a))).toBe(hex(nodeCrypto.hash(hash, a)))
          expect(hex(portableCrypto.pbkdf2(hash, a, b, n, length))).toBe(hex(nodeCrypto.pbkdf2(hash, a, b, n, length)))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('agree on AES, wherever the blocks lie in memory', () => {
    const block = fc.uint8Array({ minLength: 200, maxLength: 200 })
    fc.assert(
      fc.property(fc.constantFrom(16, 24, 32), block, fc.integer({ min: 0, max: 7 }), (length, memory, at) => {
        const key = memory.subarray(0, length)
        const native = memory.slice()
        const portable = memory.slice()
        nodeCrypto.aes(key).encrypt(native.subarray(at, at + 96))
        portableCrypto.aes(key).encrypt(portable.subarray(at, at + 96))
        expect(hex(portable)).toBe(hex(native))
        portableCrypto.aes(key).decrypt(portable.subarray(at, at + 96))
        nodeCrypto.aes(key).decrypt(native.subarray(at, at + 96))
        expect(hex(portable)).toBe(hex(memory))
        expect(hex(native)).toBe(hex(memory))
      }),
      { numRuns: 60 },
    )
  })
})
