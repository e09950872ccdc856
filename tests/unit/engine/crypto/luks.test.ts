import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import type { CipherSpec } from '../../../../src/engine/crypto/cipher-spec.ts'
import { HASH_BYTES, type HashName } from '../../../../src/engine/crypto/crypto-provider.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { portableCrypto } from '../../../../src/engine/crypto/crypto.portable.ts'
import { openLuks } from '../../../../src/engine/crypto/luks.ts'
import { createLuks } from '../../../../src/engine/crypto/luks-create.ts'
import { emptyArea, SPECS, storeOn, titleOf, watched } from '../../../fixtures/luks.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

const XTS: CipherSpec = { cipher: 'aes-256', mode: 'xts', ivgen: 'plain64' }
const HASHES = Object.keys(HASH_BYTES) as HashName[]
const RIGHT = bytesOf('correct horse')
/** Each opens what the other made. */
const CROSSED = [
  ['native', 'portable', nodeCrypto, portableCrypto],
  ['portable', 'native', portableCrypto, nodeCrypto],
] as const
/** Vectors are no part of a header's layout, so one way to make them is enough for most. */
const LAID_OUT = SPECS.filter(({ cipher, ivgen }) => ivgen === 'plain64' || (ivgen === 'essiv' && cipher === 'aes-256'))
const sealedBy = (cipher: { encrypt(sector: number, bytes: Uint8Array): void }): string => {
  const bytes = new Uint8Array(1024).fill(1)
  cipher.encrypt(4711, bytes)
  return Buffer.from(bytes).toString('hex')
}

describe.each(CROSSED)('a header made by %s crypto and opened by %s crypto', (_maker, _opener, make, open) => {
  it.each(LAID_OUT.map((spec) => [titleOf(spec), spec] as const))('gives its key in %s', (_title, spec) => {
    const store = storeOn(emptyArea(spec))
    const made = createLuks(store, { spec, hash: 'sha256', iterations: 10 }, RIGHT, make)
    const opened = openLuks(store, RIGHT, open, {})
    expect(Buffer.compare(opened.masterKey, made.masterKey)).toBe(0)
    expect(opened.slot).toBe(0)
    expect(sealedBy(opened.cipher)).toBe(sealedBy(made.cipher))
  })

  it.each(HASHES)('gives its key with %s', (hash) => {
    const store = storeOn(emptyArea(XTS))
    const { masterKey } = createLuks(store, { spec: XTS, hash, iterations: 10 }, RIGHT, make)
    expect(Buffer.compare(openLuks(store, RIGHT, open, {}).masterKey, masterKey)).toBe(0)
  })
})

describe('a LUKS header', () => {
  const store = storeOn(emptyArea(XTS))
  createLuks(store, { spec: XTS, hash: 'sha1', iterations: 10 }, RIGHT, nodeCrypto)

  it.each(['', 'correct', 'correct horse ', 'Correct horse'])('is not opened by "%s"', (passphrase) => {
    const refused = thrown(() => openLuks(store, bytesOf(passphrase), nodeCrypto, { path: 'disk.qcow2' }))
    expect(refused).toMatchObject({ code: 'WRONG_PASSPHRASE', where: { path: 'disk.qcow2' } })
    expect(JSON.stringify([refused.message, refused.hint, refused.where])).not.toContain(passphrase === '' ? 'correct' : passphrase)
  })

  it('leaves the passphrase to the caller, unchanged', () => {
    const passphrase = RIGHT.slice()
    openLuks(store, passphrase, nodeCrypto, {})
    expect(Buffer.compare(passphrase, RIGHT)).toBe(0)
  })

  it('of damaged key material does not open', () => {
    const damaged = emptyArea(XTS)
    createLuks(storeOn(damaged), { spec: XTS, hash: 'sha1', iterations: 10 }, RIGHT, nodeCrypto)
    damaged.writeAt(4096 + 100_000, Uint8Array.of(1, 2, 3))
    expect(codeOf(() => openLuks(storeOn(damaged), RIGHT, nodeCrypto, {}))).toBe('WRONG_PASSPHRASE')
  })

  it('is made anew each time', () => {
    const other = storeOn(emptyArea(XTS))
    const { masterKey, header } = createLuks(other, { spec: XTS, hash: 'sha1', iterations: 10 }, RIGHT, nodeCrypto)
    const first = openLuks(store, RIGHT, nodeCrypto, {})
    expect(Buffer.compare(first.masterKey, masterKey)).not.toBe(0)
    expect(header.uuid).not.toBe(first.header.uuid)
    expect(Buffer.compare(header.slots[0]!.salt, first.header.slots[0]!.salt)).not.toBe(0)
  })

  it('takes the time that a passphrase is to take, an eighth of it for the digest', () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const crypto: typeof nodeCrypto = {
      ...nodeCrypto,
      pbkdf2(hash, passphrase, salt, iterations, length) {
        now += iterations / 1000
        return nodeCrypto.pbkdf2(hash, passphrase, salt, 1, length)
      },
    }
    const { header } = createLuks(storeOn(emptyArea(XTS)), { spec: XTS, hash: 'sha256' }, RIGHT, crypto)
    vi.restoreAllMocks()
    expect(header.slots[0]!.iterations).toBe(2_000_000)
    expect(header.digestIterations).toBe(250_000)
  })
})

describe('secrets of an opened header', () => {
  it('are overwritten, but for the master key, which is the caller’s', () => {
    const store = storeOn(emptyArea(XTS))
    const making = watched(nodeCrypto)
    const made = createLuks(store, { spec: XTS, hash: 'sha256', iterations: 10 }, RIGHT, making.crypto)
    const opening = watched(nodeCrypto)
    const opened = openLuks(store, RIGHT, opening.crypto, {})
    for (const { secrets, luks } of [
      { secrets: making.secrets, luks: made },
      { secrets: opening.secrets, luks: opened },
    ]) {
      const kept = luks.masterKey
      const digest = luks.header.digest
      const inMasterKey = (bytes: Uint8Array): boolean =>
        bytes.buffer === kept.buffer && bytes.byteOffset >= kept.byteOffset && bytes.byteOffset < kept.byteOffset + kept.length
      const left = secrets.filter((bytes) => !inMasterKey(bytes) && Buffer.compare(bytes, digest) !== 0 && bytes.some((byte) => byte !== 0))
      expect(secrets.length).toBeGreaterThan(3)
      expect(left).toEqual([])
      expect(kept.some((byte) => byte !== 0)).toBe(true)
    }
  })

  it('are overwritten where the disk fails', () => {
    const { crypto, secrets } = watched(nodeCrypto)
    const keys: Uint8Array[] = []
    const made = (length: number): Uint8Array => {
      const bytes = nodeCrypto.randomBytes(length)
      if (length === 64) keys.push(bytes)
      return bytes
    }
    const failing = { ...storeOn(emptyArea(XTS)), flush: () => expect.fail('no room') }
    expect(() => createLuks(failing, { spec: XTS, hash: 'sha256', iterations: 10 }, RIGHT, { ...crypto, randomBytes: made })).toThrow(
      'no room',
    )
    expect(keys.length).toBe(1)
    expect([...keys, ...secrets.filter(({ length }) => length !== 20)].filter((bytes) => bytes.some((byte) => byte !== 0))).toEqual([])
  })

  it('are overwritten where the passphrase is wrong, too', () => {
    const store = storeOn(emptyArea(XTS))
    const { header } = createLuks(store, { spec: XTS, hash: 'sha256', iterations: 10 }, RIGHT, nodeCrypto)
    const { crypto, secrets } = watched(nodeCrypto)
    expect(codeOf(() => openLuks(store, bytesOf('wrong'), crypto, {}))).toBe('WRONG_PASSPHRASE')
    expect(secrets.filter((bytes) => bytes.length !== header.digest.length && bytes.some((byte) => byte !== 0))).toEqual([])
  })
})
