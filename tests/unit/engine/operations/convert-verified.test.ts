import { describe, expect, it } from 'vitest'
import type { ConvertRequest } from '../../../../src/shared/requests.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import { native } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const MIB = 2 ** 20

/** A drive that turns one bit of everything that is written where the guest's data begins. */
class FailingDrive extends StorageDecorator {
  override writeAt(at: number, from: Uint8Array): void {
    if (from.length < MIB) return super.writeAt(at, from)
    const bytes = from.slice()
    bytes[MIB - 1]! ^= 1
    super.writeAt(at, bytes)
  }
}

class FailingDrives extends MemorySystem {
  failing = false
  override create(path: string): Storage {
    const storage = super.create(path)
    return this.failing ? new FailingDrive(storage) : storage
  }
}

function bench() {
  const files = new FailingDrives()
  const platform = { files, ...native }
  const engine = createEngine(undefined, platform)
  const bytes = new Uint8Array(6 * MIB)
  bytes.set(new Random(3).bytes(2 * MIB), 2 * MIB)
  const storage = files.create('/a.img')
  storage.writeAt(0, bytes)
  const read = (path: string, secrets = {}): Uint8Array => {
    const disk = openDisk(platform, path, { ...context, secrets })
    const all = new Uint8Array(disk.size)
    disk.readAt(0, all)
    disk.close()
    return all
  }
  const names = (): string[] =>
    files
      .list('/')
      .map(({ path }) => path)
      .sort()
  const convert = (more: Partial<ConvertRequest> & Pick<ConvertRequest, 'target'>, secrets = {}) =>
    engine.convert({ source: { path: '/a.img', format: 'raw' }, overwrite: false, ...more }, { ...context, secrets })
  return { files, engine, bytes, read, names, convert }
}

const qcow2 = (path: string): ConvertRequest['target'] => ({ path, format: 'qcow2' })

describe('a conversion that is verified', () => {
  it.each<[string, ConvertRequest['target']]>([
    ['raw', { path: '/b', format: 'raw' }],
    ['qcow2', qcow2('/b')],
    ['compressed qcow2', { ...qcow2('/b'), compress: true }],
    ['qcow2 with a data file', { ...qcow2('/b'), qcow2: { dataFile: 'b.data' } }],
  ])('to %s reads the copy anew', (_what, target) => {
    const { bytes, convert, read } = bench()
    convert({ target, verify: true })
    expect(Buffer.compare(read('/b'), bytes)).toBe(0)
  })

  it('to an encrypted disk opens it with the new passphrase', () => {
    const { bytes, convert, read } = bench()
    const encrypt = { format: 'luks', secret: 'new', luks: { iterTime: 10 } } as const
    convert({ target: { ...qcow2('/b'), qcow2: { encrypt } }, verify: true }, { new: new TextEncoder().encode('swordfish') })
    expect(Buffer.compare(read('/b', { '/b': new TextEncoder().encode('swordfish') }), bytes)).toBe(0)
  })

  it.each([qcow2('/b'), qcow2('/a.img')])('tells a drive that wrote something else, and leaves all as it was: %o', (target) => {
    const { bytes, convert, files, names, read } = bench()
    files.failing = true
    expect(() => convert({ target, replaceSource: true })).toThrow(
      expect.objectContaining({
        code: 'IO',
        message: 'The copy does not read as its source',
        where: { path: target.path, offset: 3 * MIB - 1 },
      }),
    )
    expect(names()).toEqual(['/a.img'])
    expect(Buffer.compare(read('/a.img'), bytes)).toBe(0)
  })

  it('is not to be had for a source with bytes that can not be read, nor for a target that is there', () => {
    const { convert, engine, names } = bench()
    expect(() => convert({ target: qcow2('/b'), verify: true, salvage: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', where: { field: 'verify' } }),
    )
    engine.create({ path: '/b', format: 'qcow2', size: 6 * MIB, overwrite: false }, context)
    expect(() => convert({ target: { ...qcow2('/b'), inPlace: 'unknown' }, verify: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(names()).toEqual(['/a.img', '/b'])
  })
})

describe('a conversion that replaces its source', () => {
  it('removes the source once the new image is there', () => {
    const { bytes, convert, names, read } = bench()
    convert({ target: qcow2('/a.qcow2'), replaceSource: true })
    expect(names()).toEqual(['/a.qcow2'])
    expect(Buffer.compare(read('/a.qcow2'), bytes)).toBe(0)
  })

  it("takes the source's own name", () => {
    const { bytes, convert, engine, names, read } = bench()
    convert({ target: qcow2('/a.img'), replaceSource: true })
    expect(names()).toEqual(['/a.img'])
    expect(engine.info({ path: '/a.img' }, context).layers[0]?.format).toBe('qcow2')
    expect(Buffer.compare(read('/a.img'), bytes)).toBe(0)
  })

  it('does not replace another file that nobody gave up', () => {
    const { convert, files, names } = bench()
    files.create('/b').close()
    expect(() => convert({ target: qcow2('/b'), replaceSource: true })).toThrow(expect.objectContaining({ code: 'EXISTS' }))
    expect(names()).toEqual(['/a.img', '/b'])
  })

  it('refuses what the copy would not hold', () => {
    const { engine, convert, names } = bench()
    convert({ target: qcow2('/b') })
    engine.snapshot({ path: '/b', action: { do: 'create', name: 'one' } }, context)
    const from = { source: { path: '/b' }, target: qcow2('/c'), replaceSource: true }
    expect(() => convert(from)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', where: { path: '/b', field: 'snapshots' } }))
    engine.snapshot({ path: '/b', action: { do: 'delete', snapshot: '1' } }, context)
    engine.bitmap({ path: '/b', name: 'dirty', actions: [{ do: 'add' }] }, context)
    expect(() => convert(from)).toThrow(expect.objectContaining({ where: { path: '/b', field: 'bitmaps' } }))
    expect(() => convert({ ...from, range: { start: 0, length: 512 } })).toThrow(
      expect.objectContaining({ where: { path: '/b', field: 'source' } }),
    )
    expect(() => convert({ ...from, bitmaps: 'all', unflushed: true })).toThrow(
      expect.objectContaining({ where: { path: '/b', field: 'unflushed' } }),
    )
    expect(names()).toEqual(['/a.img', '/b'])
    convert({ ...from, bitmaps: 'all' })
    expect(names()).toEqual(['/a.img', '/c'])
  })
})
