import { describe, expect, it } from 'vitest'
import type { ConvertRequest, ConvertTarget } from '../../../../src/shared/requests.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { FaultStorage } from '../../../../src/engine/io/fault.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { StrataError } from '../../../../src/shared/errors.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const KIB = 1024

function bench(wrap?: (storage: Storage, path: string) => Storage) {
  const memory = new MemorySystem()
  const files = wrap ? wrapSystem(memory, wrap) : memory
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  const put = (path: string, bytes: Uint8Array): Uint8Array => {
    memory.create(path).writeAt(0, bytes)
    return bytes
  }
  const read = (path: string): Uint8Array => {
    const disk = openDisk(platform, path, context)
    const all = new Uint8Array(disk.size)
    disk.readAt(0, all)
    disk.close()
    return all
  }
  const convert = (request: Omit<Partial<ConvertRequest>, 'target'> & { target?: Partial<ConvertTarget> } = {}) =>
    engine.convert(
      { source: { path: '/source' }, overwrite: false, ...request, target: { path: '/target', format: 'qcow2', ...request.target } },
      context,
    )
  const check = (path: string) => engine.check({ path }, context)
  return { memory, engine, put, read, convert, check }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const CLEAN = { corruptions: 0, leaks: 0, checkErrors: 0 }

describe('several sources', () => {
  it.each([512, 65536])('follow each other, each in whole sectors, and pack in whole clusters of %i bytes', (clusterSize) => {
    const { put, read, convert, check } = bench()
    const random = new Random(1)
    const sizes = [1000, 300 * KIB + 100, 0, 70 * KIB]
    const all = sizes.map((size, i) => put(`/part${i}`, random.text(size)))
    const [source, ...also] = sizes.map((_size, i) => ({ path: `/part${i}`, format: 'raw' as const }))
    convert({ source: source!, also, target: { compress: true, qcow2: { clusterSize } } })
    const whole = Buffer.concat(all.map((bytes) => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])))
    expect(same(read('/target'), whole)).toBe(true)
    expect(check('/target')).toMatchObject(CLEAN)
  })

  it('give a range of themselves, across their borders', () => {
    const { put, read, convert } = bench()
    const random = new Random(2)
    const whole = Buffer.concat([put('/source', random.bytes(4096)), put('/other', random.bytes(8192))])
    convert({ also: [{ path: '/other' }], range: { start: 3000, length: 4000 }, target: { format: 'raw' } })
    const made = read('/target')
    expect(made.length).toBe(4096)
    expect(same(made, Buffer.concat([whole.subarray(3000, 7000), Buffer.alloc(96)]))).toBe(true)
    expect(thrown(() => convert({ range: { start: 4000, length: 97 }, overwrite: true }))).toMatchObject({ code: 'OUT_OF_RANGE' })
  })

  it('have no backing file, and no bitmaps', () => {
    const { memory, put, convert } = bench()
    put('/source', new Uint8Array(512))
    const also = [{ path: '/source' }]
    expect(thrown(() => convert({ also, target: { backing: { name: '/source' } } }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(thrown(() => convert({ also, bitmaps: 'all' }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(memory.facts('/target')).toBeUndefined()
  })
})

describe('a target on a backing file', () => {
  const sizes = { clusterSize: 4096 }
  it.each(['0.10', '1.1'] as const)('reads as the source, whatever is below, and holds only what differs (compat %s)', (compat) => {
    const { put, read, convert, check } = bench()
    const random = new Random(3)
    const base = put('/base', random.bytes(256 * KIB))
    const bytes = base.slice()
    bytes.set(random.bytes(5000), 30_000)
    bytes.fill(0, 100_000, 150_000)
    const whole = put('/source', Buffer.concat([bytes, random.bytes(4096)]))
    const made = convert({ target: { backing: { name: 'base', format: 'raw' }, qcow2: { ...sizes, compat } } })
    expect(made.info).toMatchObject({ backingName: 'base', backingFormat: 'raw' })
    expect(made.copied).toBeLessThanOrEqual(20 * KIB)
    expect(same(read('/target'), whole)).toBe(true)
    expect(check('/target')).toMatchObject(CLEAN)
  })

  it('that is a layer of the source takes nothing of that layer, and does not read it', () => {
    let reads = 0
    const { engine, put, read, convert } = bench((storage, path) => (path === '/base' ? new Counted(storage, () => reads++) : storage))
    put('/base', new Random(4).bytes(8 * 2 ** 20))
    engine.create({ path: '/top', format: 'qcow2', backing: { name: 'base', format: 'raw' }, overwrite: false }, context)
    const { copied } = convert({ source: { path: '/top' }, target: { backing: { name: 'base', format: 'raw' } } })
    expect({ copied, reads }).toEqual({ copied: 0, reads: 0 })
    expect(same(read('/target'), read('/base'))).toBe(true)
  })

  it('is neither that file nor made of it', () => {
    const { put, convert } = bench()
    put('/source', new Uint8Array(4096))
    put('/base', new Uint8Array(4096))
    const onto = (target: Partial<ConvertTarget>) => thrown(() => convert({ target, overwrite: true }))
    expect(onto({ path: '/base', backing: { name: 'base', format: 'raw' } })).toMatchObject({ code: 'SAME_FILE' })
    expect(onto({ backing: { name: 'base', format: 'raw' }, qcow2: { dataFile: '/base' } })).toMatchObject({ code: 'SAME_FILE' })
    expect(onto({ backing: { name: 'nothing', format: 'raw' } })).toMatchObject({ code: 'NOT_FOUND' })
    expect(onto({ format: 'raw', backing: { name: 'base', format: 'raw' } })).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('a target that is there', () => {
  const ways: [ConvertTarget['format'], Partial<ConvertTarget>][] = [
    ['raw', {}],
    ['qcow2', {}],
    ['qcow2', { compress: true }],
    ['qcow2', { inPlace: 'compared' }],
    ['raw', { inPlace: 'compared' }],
  ]
  it.each(ways)('of %s %j reads as the source, and behind its end as before', (format, target) => {
    const { put, read, convert, check } = bench()
    const random = new Random(5)
    const old = put('/old', random.bytes(600 * KIB))
    convert({ source: { path: '/old' }, target: { format, path: '/there' } })
    const bytes = random.bytes(400 * KIB)
    bytes.fill(0, 50_000, 250_000)
    put('/source', bytes)
    convert({ target: { path: '/there', format, inPlace: 'unknown', ...target } })
    expect(same(read('/there'), Buffer.concat([bytes, old.subarray(bytes.length)]))).toBe(true)
    if (format === 'qcow2') expect(check('/there')).toMatchObject(CLEAN)
  })

  it('that is compared gets only what differs', () => {
    const { put, convert } = bench()
    const bytes = put('/source', new Random(6).bytes(2 ** 20))
    convert({ target: { path: '/there' } })
    expect(convert({ target: { path: '/there', inPlace: 'compared' } }).copied).toBe(0)
    bytes[70_000]! ^= 1
    put('/changed', bytes)
    expect(convert({ source: { path: '/changed' }, target: { path: '/there', inPlace: 'compared' } }).copied).toBe(65536)
  })

  it('is not touched where it is too small, missing, or a file of the source', () => {
    const { engine, memory, put, convert } = bench()
    put('/source', new Uint8Array(8192))
    put('/small', new Uint8Array(4096).fill(7))
    engine.create({ path: '/top', format: 'qcow2', backing: { name: 'small', format: 'raw' }, overwrite: false }, context)
    const into = (path: string, source = '/source') =>
      thrown(() => convert({ source: { path: source }, target: { path, format: 'raw', inPlace: 'unknown' } }))
    expect(into('/small')).toMatchObject({ code: 'INVALID_ARGUMENT', where: { field: 'size' } })
    expect(into('/small', '/top')).toMatchObject({ code: 'SAME_FILE' })
    expect(into('/source')).toMatchObject({ code: 'SAME_FILE' })
    expect(into('/nothing')).toMatchObject({ code: 'NOT_FOUND' })
    expect(memory.facts('/nothing')).toBeUndefined()
  })
})

/** Of one file: reads that touch a range fail, as of a disk with bad sectors. */
class BadSectors extends StorageDecorator {
  override readAt(at: number, into: Uint8Array): void {
    if (at < 75 * KIB && at + into.length > 70 * KIB) throw new StrataError('IO', 'Bad sector', { path: this.path, offset: at })
    super.readAt(at, into)
  }
}

/** Tells of each read. */
class Counted extends StorageDecorator {
  readonly #told: () => void

  constructor(inner: Storage, told: () => void) {
    super(inner)
    this.#told = told
  }

  override readAt(at: number, into: Uint8Array): void {
    this.#told()
    super.readAt(at, into)
  }
}

describe('a source with bad sectors', () => {
  const broken = (storage: Storage, path: string): Storage => (path === '/source' ? new BadSectors(storage) : storage)

  it('ends the conversion, unless what it holds is to be salvaged: then they are zeros, and told', () => {
    const { memory, put, read, convert } = bench(broken)
    const bytes = put('/source', new Random(8).bytes(300 * KIB))
    expect(thrown(() => convert({ target: { format: 'raw' } }))).toMatchObject({ code: 'IO' })
    expect(memory.facts('/target')).toBeUndefined()
    const { unreadable } = convert({ salvage: true, target: { format: 'raw' } })
    expect(unreadable).toEqual({ bytes: 5 * KIB, ranges: [{ at: 70 * KIB, length: 5 * KIB }] })
    expect(same(read('/target'), bytes.fill(0, 70 * KIB, 75 * KIB))).toBe(true)
  })

  it('is read on where its map can’t be asked once', () => {
    const { put, read, convert } = bench((storage, path) =>
      path === '/source' ? new FaultStorage(storage, { nth: 2, kinds: ['read'] }) : storage,
    )
    const bytes = put('/source', new Random(9).bytes(5 * 2 ** 20))
    convert({ salvage: true, target: { format: 'raw' } })
    const differing = Buffer.from(read('/target')).findIndex((byte, at) => byte !== bytes[at] && byte !== 0)
    expect(differing).toBe(-1)
  })
})

it('what is data is copied verbatim where no zeros are looked for, and holes stay holes', () => {
  const { memory, convert, read } = bench()
  const source = memory.create('/source')
  source.truncate(4 * 2 ** 20)
  source.writeAt(2 ** 20, new Uint8Array(2 ** 20))
  const { copied } = convert({ verbatim: true, target: { format: 'raw' } })
  expect(copied).toBe(2 ** 20)
  expect(read('/target').every((byte) => byte === 0)).toBe(true)
})
