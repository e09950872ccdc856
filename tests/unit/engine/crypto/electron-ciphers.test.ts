import type * as NodeCrypto from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { sectorCipher } from '../../../../src/engine/crypto/cipher-spec.ts'
import { HASH_BYTES, type HashName } from '../../../../src/engine/crypto/crypto-provider.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { portableCrypto } from '../../../../src/engine/crypto/crypto.portable.ts'
import { legacyAes } from '../../../../src/engine/crypto/legacy-aes.ts'
import { openLuks } from '../../../../src/engine/crypto/luks.ts'
import { createLuks } from '../../../../src/engine/crypto/luks-create.ts'
import { changeKey, removeKeys } from '../../../../src/engine/crypto/luks-keys.ts'
import { emptyArea, SPECS, storeOn, titleOf } from '../../../fixtures/luks.ts'
import { Random } from '../../../fixtures/random.ts'

/** What Electron's crypto library has: BoringSSL's ciphers, and here not even its hashes of old. */
const electron = vi.hoisted(() => ({
  ciphers:
    /^(aes-(128|192|256)-(cbc|ctr|ecb|gcm|ofb)|aes-(128|256)-cfb|bf-(cbc|cfb|ecb)|des(-(cbc|ecb|ede|ede-cbc|ede3|ede3-cbc))?|rc2(-40)?-cbc|rc4)$/,
  hashes: /^(md4|md5|sha1|sha224|sha256|sha384|sha512|sha512-256)$/,
  asked: new Set<string>(),
}))

vi.mock('node:crypto', async (load) => {
  const real = await load<typeof NodeCrypto>()
  const only =
    <P extends [string, ...unknown[]], R>(known: RegExp, nameOf: (params: P) => string, make: (...params: P) => R) =>
    (...params: P): R => {
      const name = nameOf(params)
      electron.asked.add(name)
      if (!known.test(name)) throw new Error(`Unknown cipher or digest: ${name}`)
      return make(...params)
    }
  type Make = (...params: [string, ...unknown[]]) => unknown
  return {
    ...real,
    createCipheriv: only(electron.ciphers, ([name]) => name, real.createCipheriv as Make),
    createDecipheriv: only(electron.ciphers, ([name]) => name, real.createDecipheriv as Make),
    createHash: only(electron.hashes, ([name]) => name, real.createHash as Make),
    pbkdf2Sync: only(electron.hashes, (params) => String(params[4]), real.pbkdf2Sync as Make),
  }
})

const SECTOR = 512
const HASHES = Object.keys(HASH_BYTES) as HashName[]

describe('with only what Electron’s crypto library has', () => {
  beforeAll(async () => {
    const { createCipheriv } = await import('node:crypto')
    expect(() => createCipheriv('aes-256-xts', new Uint8Array(64), new Uint8Array(16))).toThrow('aes-256-xts')
    electron.asked.clear()
  })

  it.each(SPECS.map((spec) => [titleOf(spec), spec] as const))('LUKS with %s is made, opened and used', (_title, spec) => {
    const store = storeOn(emptyArea(spec))
    const made = createLuks(store, { spec, hash: 'sha256', iterations: 10 }, bytesOf('abc'), nodeCrypto)
    const { cipher, masterKey } = openLuks(store, bytesOf('abc'), nodeCrypto, {})
    const plain = new Random(3).bytes(20 * SECTOR)
    const bytes = plain.slice()
    made.cipher.encrypt(99, bytes)
    const portable = plain.slice()
    sectorCipher(spec, masterKey, portableCrypto).encrypt(99, portable)
    expect(Buffer.compare(bytes, portable)).toBe(0)
    cipher.decrypt(99, bytes)
    expect(Buffer.compare(bytes, plain)).toBe(0)
  })

  it.each(HASHES)('LUKS with %s is made, and opened without that library', (hash) => {
    const spec = SPECS[0]!
    const store = storeOn(emptyArea(spec))
    const { masterKey } = createLuks(store, { spec, hash, iterations: 10 }, bytesOf('abc'), nodeCrypto)
    expect(Buffer.compare(openLuks(store, bytesOf('abc'), portableCrypto, {}).masterKey, masterKey)).toBe(0)
  })

  it('key slots are changed and removed', () => {
    const spec = SPECS[0]!
    const store = storeOn(emptyArea(spec))
    const luks = createLuks(store, { spec, hash: 'sha256', iterations: 10 }, bytesOf('abc'), nodeCrypto)
    expect(changeKey(store, luks, { from: bytesOf('abc'), to: bytesOf('xyz') }, { iterations: 10 }, nodeCrypto)).toBe(1)
    expect(openLuks(store, bytesOf('xyz'), nodeCrypto, {}).slot).toBe(1)
    removeKeys(store, luks.header, [1], true, nodeCrypto)
    expect(luks.header.slots.some(({ active }) => active)).toBe(false)
  })

  it('legacy AES works', () => {
    const bytes = new Uint8Array(SECTOR).fill(5)
    legacyAes(bytesOf('abc'), nodeCrypto).encrypt(1, bytes)
    legacyAes(bytesOf('abc'), portableCrypto).decrypt(1, bytes)
    expect(bytes.every((byte) => byte === 5)).toBe(true)
  })

  it('of ciphers, AES in ECB alone is asked for', () => {
    nodeCrypto.aes(new Uint8Array(32)).wipe()
    expect([...electron.asked].filter((name) => name.includes('-')).every((name) => /^aes-(128|192|256)-ecb$/.test(name))).toBe(true)
    expect(electron.asked).toContain('aes-256-ecb')
  })
})
