import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../../../src/engine/base/bytes.ts'
import { unwatched } from '../../../../../src/engine/base/job.ts'
import { luksOptions } from '../../../../../src/engine/crypto/luks-create.ts'
import { openDisk } from '../../../../../src/engine/device/open.ts'
import type { Disk } from '../../../../../src/engine/device/disk.ts'
import type { GateRule } from '../../../../../src/engine/io/gate.ts'
import type { MemoryStorage } from '../../../../../src/engine/io/memory.ts'
import { MemorySystem } from '../../../../../src/engine/io/memory-system.ts'
import type { Storage } from '../../../../../src/engine/io/storage.ts'
import { TraceStorage } from '../../../../../src/engine/io/trace.ts'
import { createEncryption, describeEncryption, unlockEncryption } from '../../../../../src/engine/formats/qcow2/encryption.ts'
import { fileSize } from '../../../../../src/engine/formats/qcow2/create.ts'
import { DEFAULT_OPTIONS } from '../../../../../src/engine/formats/options.ts'
import { readHeader } from '../../../../../src/engine/formats/qcow2/header.ts'
import { Image } from '../../../../../src/engine/formats/qcow2/image.ts'
import { luksPlace } from '../../../../../src/engine/formats/qcow2/luks-place.ts'
import { check } from '../../../../../src/engine/operations/check.ts'
import { create } from '../../../../../src/engine/operations/create.ts'
import type { EncryptRequest, Qcow2Options } from '../../../../../src/shared/model.ts'
import { native } from '../../../../fixtures/platform.ts'
import { Random } from '../../../../fixtures/random.ts'
import { codeOf, thrown } from '../../../../fixtures/thrown.ts'

const gate: GateRule = { kind: 'follow' }
const WATCH = { staged() {}, settled() {} }
const SIZE = 2 ** 22
const [A, B] = [bytesOf('first'), bytesOf('second')]
/** Key material is smallest with the shortest key, and derived in no time with few iterations. */
const CHEAP = { ...luksOptions({ cipherAlg: 'aes-128', cipherMode: 'cbc' }), iterations: 2 }

/** A plain empty image at `/disk`. */
function plainImage(qcow2: Qcow2Options = {}): { files: MemorySystem; storage: Storage } {
  const files = new MemorySystem()
  create({ files, ...native }, { path: '/disk', format: 'qcow2', size: SIZE, qcow2, overwrite: false }, { gate, job: unwatched }, WATCH)
  return { files, storage: files.open('/disk', true) }
}

function imageOn(storage: Storage): Image {
  return new Image({ storage, ...native, writable: true, lazyRefcounts: false }, readHeader(storage))
}

/** The same, encrypted for the passphrase A. */
function sealedImage(qcow2: Qcow2Options = {}): { files: MemorySystem; storage: Storage } {
  const { files, storage } = plainImage(qcow2)
  createEncryption(imageOn(storage), CHEAP, A, native.crypto)
  return { files, storage }
}

function withDisk<T>(files: MemorySystem, passphrase: Uint8Array | undefined, use: (disk: Disk) => T): T {
  const disk = openDisk({ files, ...native }, '/disk', { gate, writable: true, ...(passphrase && { secrets: { '/disk': passphrase } }) })
  try {
    return use(disk)
  } finally {
    disk.close()
  }
}

const read = (disk: Disk, at: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  disk.readAt(at, bytes)
  return bytes
}

const contentOf = (storage: Storage): Buffer => {
  const bytes = Buffer.alloc(storage.size)
  storage.readAt(0, bytes)
  return bytes
}

/** Every shape of image in which a LUKS header must find its place. */
const SHAPES: [what: string, options: Qcow2Options][] = [
  ['usual clusters', {}],
  ['the smallest clusters', { clusterSize: 512 }],
  ['the smallest clusters and the widest counts', { clusterSize: 512, refcountBits: 64 }],
  ['the largest clusters', { clusterSize: 2 ** 21 }],
  ['counts of one bit', { clusterSize: 4096, refcountBits: 1 }],
  ['subclusters', { extendedL2: true }],
  ['version 2', { compat: '0.10' }],
]

describe.each(SHAPES)('a LUKS header in an image of %s', (_what, options) => {
  it('leaves an image that is in order, and whose bytes come back', () => {
    const { files, storage } = sealedImage(options)
    const plain = new Random(1).text(300_000)
    withDisk(files, A, (disk) => disk.writeAt(70_001, plain))
    withDisk(files, A, (disk) => {
      expect(Buffer.compare(read(disk, 70_001, plain.length), plain)).toBe(0)
      expect(read(disk, 0, 70_001).every((byte) => byte === 0)).toBe(true)
    })
    expect(check({ files, ...native }, { path: '/disk' }, { gate, job: unwatched })).toMatchObject({
      corruptions: 0,
      leaks: 0,
      checkErrors: 0,
    })
    expect(contentOf(storage).includes(Buffer.from(plain.subarray(0, 64)))).toBe(false)
    expect(describeEncryption(readHeader(storage), storage)).toMatchObject({ format: 'luks', cipherAlg: 'aes-128', cipherMode: 'cbc' })
  })
})

describe('an image with a LUKS header', () => {
  it('holds neither passphrase nor master key', () => {
    const { storage } = plainImage()
    const { masterKey } = createEncryption(imageOn(storage), CHEAP, A, native.crypto)
    expect(contentOf(storage).includes(Buffer.from(A))).toBe(false)
    expect(contentOf(storage).includes(Buffer.from(masterKey))).toBe(false)
  })

  it('is told without its passphrase, and not read', () => {
    const { files } = sealedImage()
    withDisk(files, A, (disk) => disk.writeAt(0, new Uint8Array(1000).fill(1)))
    withDisk(files, undefined, (disk) => {
      expect(disk.driver.describe()).toMatchObject({ encrypted: true, qcow2: { encrypt: { format: 'luks' } } })
      expect(codeOf(() => read(disk, 0, 512))).toBe('NO_PASSPHRASE')
      expect(codeOf(() => disk.writeAt(0, new Uint8Array(512)))).toBe('NO_PASSPHRASE')
      expect(disk.driver.keys).toBeUndefined()
    })
    expect(codeOf(() => withDisk(files, B, () => {}))).toBe('WRONG_PASSPHRASE')
  })

  it('numbers sectors by where they lie in the file', () => {
    const { files, storage } = sealedImage()
    const plain = new Random(2).bytes(65536)
    withDisk(files, A, (disk) => disk.writeAt(65536, plain))
    const unlocked = unlockEncryption(readHeader(storage), storage, A, native.crypto)!
    const found = Array.from({ length: Math.floor(storage.size / 65536) }, (_, i) => i * 65536).filter((at) => {
      const bytes = new Uint8Array(Math.min(65536, storage.size - at))
      storage.readAt(at, bytes)
      unlocked.cipher.decrypt(at / 512, bytes)
      return Buffer.compare(bytes, plain.subarray(0, bytes.length)) === 0
    })
    expect(found.length).toBe(1)
  })

  it('is encrypted, or plain still, whenever the power fails while it gets its header', () => {
    const { storage } = plainImage({ clusterSize: 4096 })
    const trace = new TraceStorage(storage)
    createEncryption(imageOn(trace), CHEAP, A, native.crypto)
    const seen = new Set<string>()
    for (let upTo = 0; upTo <= trace.calls.length; upTo++)
      for (const lost of [true, false]) {
        const left = trace.afterCrash({ upTo, choose: (index) => !lost || index % 2 === 0 })
        const opened = unlockEncryption(readHeader(left), left, A, native.crypto)
        seen.add(opened ? 'encrypted' : 'plain')
        const files = new MemorySystem()
        copyInto(files, left)
        expect(check({ files, ...native }, { path: '/disk' }, { gate, job: unwatched }).corruptions).toBe(0)
      }
    expect([...seen]).toEqual(['plain', 'encrypted'])
  })
})

function copyInto(files: MemorySystem, from: MemoryStorage): void {
  const storage = files.create('/disk')
  storage.writeAt(0, contentOf(from))
  storage.close()
}

describe('a new image that shall be encrypted', () => {
  const request = (qcow2: Qcow2Options) => ({ path: '/new', format: 'qcow2' as const, size: SIZE, qcow2, overwrite: false })
  const context = { gate, job: unwatched, secrets: { mine: A } }

  it('has the size that was foretold', () => {
    for (const clusterSize of [4096, 65536, 2 ** 21]) {
      const files = new MemorySystem()
      const qcow2 = { clusterSize, encrypt: { format: 'luks' as const, secret: 'mine', iterTime: 1 } }
      create({ files, ...native }, request(qcow2), context, WATCH)
      expect(fileSize(SIZE, 0, { ...DEFAULT_OPTIONS, ...qcow2 })).toBe(
        Math.ceil(files.open('/new', false).size / clusterSize) * clusterSize,
      )
    }
  })

  it('is not begun with a cipher that Strata does not have, or without its passphrase', () => {
    const files = new MemorySystem()
    const creating = (encrypt: EncryptRequest) => codeOf(() => create({ files, ...native }, request({ encrypt }), context, WATCH))
    expect(creating({ format: 'luks', secret: 'mine', cipherAlg: 'twofish-256' })).toBe('UNSUPPORTED')
    expect(creating({ format: 'luks', secret: 'mine', iterTime: 0 })).toBe('INVALID_ARGUMENT')
    expect(creating({ format: 'luks', secret: 'other' })).toBe('NO_PASSPHRASE')
    expect(creating({ format: 'aes', secret: 'other' })).toBe('NO_PASSPHRASE')
    expect(files.facts('/new')).toBeUndefined()
  })
})

describe('the passphrases of an image', () => {
  const cost = { iterations: 2 }

  it('are added, changed and removed', () => {
    const { files, storage } = sealedImage()
    const active = (): number[] => {
      const luks = describeEncryption(readHeader(storage), storage)
      return luks?.format === 'luks' ? luks.slots.flatMap((slot, i) => (slot.active ? [i] : [])) : []
    }
    withDisk(files, A, (disk) => {
      disk.writeAt(0, new Uint8Array(512).fill(3))
      expect(disk.driver.keys!.add(B, cost)).toBe(1)
      expect(disk.driver.keys!.list().filter((slot) => slot.active)).toEqual([
        { index: 0, active: true },
        { index: 1, active: true },
      ])
    })
    expect(active()).toEqual([0, 1])
    withDisk(files, B, (disk) => disk.driver.keys!.remove({ slot: 0 }, false))
    expect(active()).toEqual([1])
    expect(codeOf(() => withDisk(files, A, () => {}))).toBe('WRONG_PASSPHRASE')
    withDisk(files, B, (disk) => {
      expect(codeOf(() => disk.driver.keys!.remove({ passphrase: B }, false))).toBe('INVALID_ARGUMENT')
      expect(disk.driver.keys!.change(B, A, cost)).toBe(0)
    })
    expect(active()).toEqual([0])
    withDisk(files, A, (disk) => expect(read(disk, 0, 512).every((byte) => byte === 3)).toBe(true))
  })

  it('are not touched where other structure lies over them', () => {
    const { files, storage } = sealedImage()
    const { at } = luksPlace(readHeader(storage), storage)!
    // The first refcount block moves, by its entry in the table, into the first slot's key material.
    const word = new Uint8Array(8)
    new DataView(word.buffer).setUint32(4, at + 65536)
    storage.writeAt(65536, word)
    const before = contentOf(storage)
    withDisk(files, A, (disk) => expect(codeOf(() => disk.driver.keys!.add(B, cost))).toBe('CORRUPT'))
    expect(Buffer.compare(contentOf(storage).subarray(at), before.subarray(at))).toBe(0)
  })

  it('are not given to guest bytes by a count that lies', () => {
    const { files, storage } = sealedImage()
    const { at } = luksPlace(readHeader(storage), storage)!
    storage.writeAt(2 * 65536 + (at / 65536) * 2, Uint8Array.of(0, 0))
    const refused = thrown(() => withDisk(files, A, (disk) => disk.writeAt(0, new Uint8Array(65536))))
    expect(refused.code).toBe('CORRUPT')
    expect(refused.message).toContain('the encryption header')
    expect(unlockEncryption(readHeader(storage), storage, A, native.crypto)).toBeDefined()
  })
})

describe('the pointer to a LUKS header', () => {
  const { storage } = sealedImage()
  const header = readHeader(storage)
  const pointer = header.extensions.find(({ data }) => data.length === 16)!
  const { at, length } = luksPlace(header, storage)!
  const pointing = (offset: number, bytes: number) => {
    const data = new Uint8Array(16)
    const view = new DataView(data.buffer)
    view.setBigUint64(0, BigInt(offset))
    view.setBigUint64(8, BigInt(bytes))
    return { ...header, extensions: [{ ...pointer, data }] }
  }

  it.each([
    ['is missing', { ...header, extensions: [] }],
    ['is there and not asked for', { ...header, cryptMethod: 1 }],
    ['is cut short', { ...header, extensions: [{ ...pointer, data: pointer.data.subarray(0, 15) }] }],
    ['leads to the image’s own header', pointing(0, length)],
    ['leads off a cluster boundary', pointing(at + 512, length)],
    ['leads past the end of the file', pointing(storage.size + 65536 - (storage.size % 65536), length)],
    ['leads past what numbers can say', pointing(2 ** 60, length)],
    ['names no length', pointing(at, 0)],
    ['names more than the file has', pointing(at, 2 ** 40)],
  ])('is refused where it %s', (_what, damaged) => {
    expect(thrown(() => luksPlace(damaged, storage))).toMatchObject({ code: 'CORRUPT', where: { path: '/disk' } })
  })

  it('is absent from an image that is not encrypted', () => {
    const plain = plainImage().storage
    expect(luksPlace(readHeader(plain), plain)).toBeUndefined()
    expect(describeEncryption(readHeader(plain), plain)).toBeUndefined()
  })
})
