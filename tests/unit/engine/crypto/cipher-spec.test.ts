import { createCipheriv, createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { assertSpec, type CipherSpec, keyBytesOf, sectorCipher } from '../../../../src/engine/crypto/cipher-spec.ts'
import { PROVIDERS, SPECS, titleOf } from '../../../fixtures/luks.ts'
import { Random } from '../../../fixtures/random.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const SECTOR = 512
const key = (spec: CipherSpec) => new Random(11).bytes(keyBytesOf(spec))

/** What Node's own ciphers make of sectors, one call a sector. */
function reference(spec: CipherSpec, sector: number, plain: Uint8Array): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < plain.length; at += SECTOR) {
    const cipher = createCipheriv(
      `${spec.cipher}-${spec.mode}`,
      key(spec),
      spec.mode === 'ecb' ? null : vector(spec, BigInt(sector) + BigInt(at / SECTOR)),
    )
    pieces.push(cipher.setAutoPadding(false).update(plain.subarray(at, at + SECTOR)))
  }
  return Buffer.concat(pieces)
}

function vector(spec: CipherSpec, sector: bigint): Buffer {
  const number = Buffer.alloc(16)
  number.writeBigUInt64LE(spec.ivgen === 'plain' ? sector & 0xffffffffn : sector)
  if (spec.ivgen !== 'essiv') return number
  const salt = createHash(spec.ivgenHash!).update(key(spec)).digest()
  return createCipheriv(`aes-${salt.length * 8}-ecb`, salt, null)
    .setAutoPadding(false)
    .update(number)
}

/** No library has AES-192 in XTS; there the two implementations and QEMU (tests/oracle) are compared with each other. */
const REFERENCED = SPECS.filter(({ cipher, mode }) => !(cipher === 'aes-192' && mode === 'xts'))

describe.each(PROVIDERS)('sectors by %s crypto', (_name, crypto) => {
  it.each(REFERENCED.map((spec) => [titleOf(spec), spec] as const))('are encrypted in %s as the library does it', (_title, spec) => {
    const cipher = sectorCipher(spec, key(spec), crypto)
    for (const sector of [0, 1, 2 ** 32 - 2, 2 ** 40 + 12345]) {
      const plain = new Random(sector).bytes(3 * SECTOR)
      const bytes = plain.slice()
      cipher.encrypt(sector, bytes)
      expect(Buffer.compare(bytes, reference(spec, sector, plain))).toBe(0)
      cipher.decrypt(sector, bytes)
      expect(Buffer.compare(bytes, plain)).toBe(0)
    }
  })

  it.each(SPECS.filter(({ ivgen }) => ivgen === 'plain64').map((spec) => [titleOf(spec), spec] as const))(
    'are the same in %s, however many at a time and wherever in memory',
    (_title, spec) => {
      const cipher = sectorCipher(spec, key(spec), crypto)
      const plain = new Random(5).bytes(300 * SECTOR)
      const memory = new Uint8Array(plain.length + 3)
      const together = memory.subarray(3)
      together.set(plain)
      cipher.encrypt(1000, together)
      const single = plain.slice()
      for (let i = 0; i < 300; i++) cipher.encrypt(1000 + i, single.subarray(i * SECTOR, (i + 1) * SECTOR))
      expect(Buffer.compare(together, single)).toBe(0)
      cipher.decrypt(1100, together.subarray(100 * SECTOR, 250 * SECTOR))
      expect(Buffer.compare(together.subarray(100 * SECTOR, 250 * SECTOR), plain.subarray(100 * SECTOR, 250 * SECTOR))).toBe(0)
    },
  )

  it('take the key over, so that the caller can overwrite it', () => {
    const spec: CipherSpec = { cipher: 'aes-256', mode: 'xts', ivgen: 'plain64' }
    const lent = key(spec)
    const cipher = sectorCipher(spec, lent, crypto)
    lent.fill(0)
    const bytes = new Uint8Array(SECTOR)
    cipher.encrypt(7, bytes)
    expect(Buffer.compare(bytes, reference(spec, 7, new Uint8Array(SECTOR)))).toBe(0)
  })

  it('are whole', () => {
    const spec: CipherSpec = { cipher: 'aes-128', mode: 'cbc', ivgen: 'plain64' }
    expect(() => sectorCipher(spec, key(spec), crypto).encrypt(0, new Uint8Array(700))).toThrow(RangeError)
  })
})

describe('both implementations', () => {
  it.each(SPECS.map((spec) => [titleOf(spec), spec] as const))('agree on %s', (_title, spec) => {
    const [native, portable] = PROVIDERS.map(([, crypto]) => {
      const bytes = new Random(9).bytes(2 * SECTOR)
      sectorCipher(spec, key(spec), crypto).encrypt(123456789, bytes)
      return Buffer.from(bytes).toString('hex')
    })
    expect(native).toBe(portable)
  })
})

describe('a cipher specification', () => {
  it('refuses essiv over a hash that is no AES key', () => {
    const refused = thrown(() => assertSpec({ cipher: 'aes-256', mode: 'cbc', ivgen: 'essiv', ivgenHash: 'sha512' }, { field: 'mode' }))
    expect(refused).toMatchObject({ code: 'UNSUPPORTED', where: { field: 'mode' } })
    expect(refused.message).toContain('64 bytes')
  })

  it('takes two keys for XTS', () => {
    expect(keyBytesOf({ cipher: 'aes-256', mode: 'xts' })).toBe(64)
    expect(keyBytesOf({ cipher: 'aes-192', mode: 'cbc' })).toBe(24)
  })
})
