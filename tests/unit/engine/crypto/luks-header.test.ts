import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeLuks } from '../../../../src/engine/crypto/describe-luks.ts'
import { MAX_ITERATIONS } from '../../../../src/engine/crypto/kdf.ts'
import { createLuks, luksAreaBytes, luksOptions } from '../../../../src/engine/crypto/luks-create.ts'
import { decodeLuksHeader, encodeLuksHeader, HEADER_BYTES } from '../../../../src/engine/crypto/luks-header.ts'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { emptyArea, SPECS, storeOn, titleOf } from '../../../fixtures/luks.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'
import { StrataError } from '../../../../src/shared/errors.ts'

const { spec: SPEC } = luksOptions({})
const AREA = luksAreaBytes(SPEC)
/** A sound header as it lies in a file, with one passphrase. */
const SOUND = ((): Uint8Array => {
  const store = storeOn(emptyArea(SPEC))
  createLuks(store, { spec: SPEC, hash: 'sha256', iterations: 1000 }, bytesOf('abc'), nodeCrypto)
  return store.read(0, HEADER_BYTES)
})()

/** The sound header with other bytes in one place. */
function changed(at: number, bytes: ArrayLike<number>): Uint8Array {
  const header = SOUND.slice()
  header.set(bytes, at)
  return header
}

const u16 = (value: number): number[] => [value >>> 8, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)]
const text = (value: string): Uint8Array => bytesOf(value.padEnd(32, '\0'))
const BASE = 262144
const decode = (bytes: Uint8Array, area = AREA) => decodeLuksHeader(bytes, area, { path: 'disk.qcow2', offset: BASE })

const DAMAGE: [what: string, at: number, bytes: ArrayLike<number>, code: string, field: string, place?: number][] = [
  ['another magic', 0, [0x4d], 'CORRUPT', 'magic'],
  ['version 2', 6, u16(2), 'UNSUPPORTED', 'version'],
  ['version 0', 6, u16(0), 'UNSUPPORTED', 'version'],
  ['serpent', 8, text('serpent'), 'UNSUPPORTED', 'cipher'],
  ['twofish', 8, text('twofish'), 'UNSUPPORTED', 'cipher'],
  ['cast5', 8, text('cast5'), 'UNSUPPORTED', 'cipher'],
  ['a cipher without an end', 8, new Uint8Array(32).fill(97), 'CORRUPT', 'cipher'],
  ['a cipher that is no text', 8, [1, 2, 3, 0], 'CORRUPT', 'cipher'],
  ['an unknown mode', 40, text('lrw-plain64'), 'UNSUPPORTED', 'mode'],
  ['a mode without an IV generator', 40, text('xts'), 'UNSUPPORTED', 'mode'],
  ['an unknown IV generator', 40, text('cbc-tcw'), 'UNSUPPORTED', 'mode'],
  ['essiv without a hash', 40, text('xts-essiv'), 'UNSUPPORTED', 'mode'],
  ['plain64 with a hash', 40, text('xts-plain64:sha256'), 'UNSUPPORTED', 'mode'],
  ['essiv over a hash that is no key', 40, text('xts-essiv:sha1'), 'UNSUPPORTED', 'mode'],
  ['essiv over an unknown hash', 40, text('xts-essiv:tiger'), 'UNSUPPORTED', 'mode'],
  ['no mode', 40, text(''), 'UNSUPPORTED', 'mode'],
  ['an unknown hash', 72, text('whirlpool'), 'UNSUPPORTED', 'hash'],
  ['no payload offset', 104, u32(0), 'CORRUPT', 'key slot 0 keyOffset', 208 + 40],
  ['a payload over the last slot', 104, u32(AREA / 512 - 10), 'CORRUPT', 'key slot 7 keyOffset', 208 + 7 * 48 + 40],
  ['no key', 108, u32(0), 'CORRUPT', 'keyBytes'],
  ['a key of an odd length', 108, u32(63), 'CORRUPT', 'keyBytes'],
  ['a key of 4 GiB', 108, u32(0xffffffff), 'CORRUPT', 'keyBytes'],
  ['no iterations of the digest', 164, u32(0), 'CORRUPT', 'digestIterations'],
  ['iterations of the digest for hours', 164, u32(0xffffffff), 'UNSUPPORTED', 'digestIterations'],
  ['a UUID without an end', 168, new Uint8Array(40).fill(97), 'CORRUPT', 'uuid'],
  ['a slot that is neither active nor inactive', 208 + 48, u32(1), 'CORRUPT', 'key slot 1 active'],
  ['an active slot without iterations', 208 + 4, u32(0), 'CORRUPT', 'key slot 0 iterations'],
  ['iterations for hours', 208 + 4, u32(MAX_ITERATIONS + 1), 'UNSUPPORTED', 'key slot 0 iterations'],
  ['another number of stripes', 208 + 44, u32(1), 'CORRUPT', 'key slot 0 stripes'],
  ['stripes for ever', 208 + 44, u32(0xffffffff), 'CORRUPT', 'key slot 0 stripes'],
  ['key material over the header', 208 + 40, u32(1), 'CORRUPT', 'key slot 0 keyOffset'],
  ['key material past the end', 208 + 40, u32(0xffffffff), 'CORRUPT', 'key slot 0 keyOffset'],
  ['key material over another slot', 208 + 3 * 48 + 40, u32(8 + 504 * 2 + 100), 'CORRUPT', 'key slot 3 keyOffset'],
]

describe('a LUKS header', () => {
  it('is the same after being taken apart and put together', () => {
    expect(Buffer.compare(encodeLuksHeader(decode(SOUND)), SOUND)).toBe(0)
  })

  it.each(DAMAGE)('with %s is refused by its field', (_what, at, bytes, code, field, place = at) => {
    const refused = thrown(() => decode(changed(at, bytes)))
    expect(refused).toMatchObject({ code, where: { path: 'disk.qcow2', offset: BASE + place, field } })
  })

  it('of a cipher that Strata does not have is refused by name', () => {
    const refused = thrown(() => decode(changed(8, text('twofish'))))
    expect(refused.message).toContain('twofish')
    expect(refused.hint).toContain('qemu-img')
  })

  it('that is cut short is refused', () => {
    for (const length of [0, 3, 6, 100, HEADER_BYTES - 1]) expect(codeOf(() => decode(SOUND.subarray(0, length)))).toBe('CORRUPT')
  })

  it('whose area ends inside a slot is refused', () => {
    expect(thrown(() => decode(SOUND, AREA - 4096)).where.field).toBe('key slot 7 keyOffset')
  })

  it('may ask for the most iterations that Strata takes', () => {
    expect(decode(changed(208 + 4, u32(MAX_ITERATIONS))).slots[0]!.iterations).toBe(MAX_ITERATIONS)
  })

  it('may leave ECB without an IV generator, as it uses none', () => {
    const header = changed(40, text('ecb'))
    header.set(u32(32), 108)
    expect(decode(header).spec).toEqual({ cipher: 'aes-256', mode: 'ecb' })
    expect(describeLuks(decode(header))).not.toHaveProperty('ivgenAlg')
  })

  it('never makes anything but a StrataError, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: HEADER_BYTES - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
        (changes) => {
          const header = SOUND.slice()
          for (const [at, byte] of changes) header[at] = byte
          try {
            decode(header)
          } catch (error) {
            if (!(error instanceof StrataError)) throw error
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('a new LUKS header', () => {
  it('lies as QEMU lays it', () => {
    expect(AREA).toBe(2_068_480)
    const described = describeLuks(decode(SOUND))
    expect(described).toMatchObject({
      format: 'luks',
      cipherAlg: 'aes-256',
      cipherMode: 'xts',
      ivgenAlg: 'plain64',
      hashAlg: 'sha256',
      payloadOffset: AREA,
      masterKeyIters: 1000,
    })
    expect(described).not.toHaveProperty('ivgenHashAlg')
    expect(described.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(described.slots).toEqual([
      { active: true, iters: 1000, stripes: 4000, keyOffset: 4096 },
      ...Array.from({ length: 7 }, (_, i) => ({ active: false, keyOffset: 4096 + (i + 1) * 258_048 })),
    ])
  })

  it.each(SPECS.map((spec) => [titleOf(spec), spec] as const))('says %s so that it is read again', (_title, spec) => {
    const store = storeOn(emptyArea(spec))
    createLuks(store, { spec, hash: 'ripemd160', iterations: 1 }, bytesOf('x'), nodeCrypto)
    const header = decodeLuksHeader(store.read(0, HEADER_BYTES), store.length, {})
    expect(header.spec).toEqual(spec)
    expect(header.hash).toBe('ripemd160')
  })

  it.each([
    [{ cipherAlg: 'serpent-256' }, 'cipher-alg', 'serpent-256'],
    [{ cipherAlg: 'twofish-128' }, 'cipher-alg', 'twofish-128'],
    [{ cipherAlg: 'cast5-128' }, 'cipher-alg', 'cast5-128'],
    [{ cipherMode: 'lrw' }, 'cipher-mode', 'lrw'],
    [{ ivgenAlg: 'benbi' }, 'ivgen-alg', 'benbi'],
    [{ ivgenAlg: 'essiv', ivgenHashAlg: 'sm3' }, 'ivgen-hash-alg', 'sm3'],
    [{ ivgenAlg: 'essiv', ivgenHashAlg: 'sha512' }, 'ivgen-hash-alg', 'sha512'],
    [{ hashAlg: 'sm3' }, 'hash-alg', 'sm3'],
  ])('is refused by name for %o', (request, field, name) => {
    const refused = thrown(() => luksOptions(request))
    expect(refused).toMatchObject({ code: 'UNSUPPORTED', where: { field } })
    expect(refused.message).toContain(name)
  })

  it.each([0, -5, 1.5, Number.NaN])('is refused for %d milliseconds', (iterTime) => {
    expect(codeOf(() => luksOptions({ iterTime }))).toBe('INVALID_ARGUMENT')
  })

  it('hashes the key for essiv with sha256, unless told otherwise', () => {
    expect(luksOptions({ ivgenAlg: 'essiv' }).spec.ivgenHash).toBe('sha256')
    expect(luksOptions({ ivgenHashAlg: 'sha1' }).spec).not.toHaveProperty('ivgenHash')
  })
})
