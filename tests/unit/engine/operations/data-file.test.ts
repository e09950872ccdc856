import { describe, expect, it } from 'vitest'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 2 ** 20

function bench() {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  const create = (dataFileRaw = false, overwrite = false) =>
    engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { dataFile: 'data', dataFileRaw }, overwrite }, context)
  const rawBytes = (): Uint8Array => {
    const storage = files.open('/data', false)
    const bytes = new Uint8Array(storage.size)
    storage.readAt(0, bytes)
    storage.close()
    return bytes
  }
  return { files, platform, engine, create, rawBytes }
}

describe('An external data file', () => {
  it.each([false, true])('holds each byte at its own offset (raw %s), and the image names it', (raw) => {
    const { platform, engine, create, rawBytes } = bench()
    expect(create(raw).info.qcow2).toMatchObject({ dataFile: 'data', dataFileRaw: raw })
    const bytes = new Random(2).bytes(200_000)
    const disk = openDisk(platform, '/disk', { ...context, writable: true })
    disk.writeAt(300_000, bytes)
    disk.writeAt(0, bytes.subarray(0, 65536 * 2))
    disk.zeroAt(65536, 65536)
    disk.close()
    const content = new Uint8Array(SIZE)
    const again = openDisk(platform, '/disk', context)
    again.readAt(0, content)
    again.close()
    expect(content.subarray(300_000, 500_000)).toEqual(bytes)
    expect(content.subarray(65536, 131072).every((byte) => byte === 0)).toBe(true)
    if (raw) expect(rawBytes()).toEqual(content)
    else expect(rawBytes().subarray(300_000, 500_000)).toEqual(bytes)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it('is not replaced unless that is allowed, and not left behind when the image fails', () => {
    const { files, create } = bench()
    files.create('/data').close()
    expect(codeOf(() => create())).toBe('EXISTS')
    expect(files.paths).toEqual(['/data'])
    create(false, true)
    expect(files.paths).toEqual(['/data', '/disk'])
    expect(files.openHandles).toBe(0)
  })

  it('is missed by name', () => {
    const { files, engine, create } = bench()
    create()
    files.remove('/data')
    expect(thrown(() => engine.info({ path: '/disk' }, context))).toMatchObject({ code: 'NOT_FOUND', where: { path: '/data' } })
  })

  it('is opened only where the gate lets it', () => {
    const { engine, create } = bench()
    create()
    const info = (files: string[]) =>
      codeOf(() => engine.info({ path: '/disk' }, { ...context, gate: { kind: 'granted', roots: [], files } }))
    expect(info(['/disk'])).toBe('DENIED')
    expect(info(['/disk', '/data'])).toBe('none')
  })

  it('takes what is converted, follows the disk’s size, and can be renamed', () => {
    const { files, platform, engine } = bench()
    engine.create({ path: '/source', format: 'raw', size: SIZE, overwrite: false }, context)
    const source = openDisk(platform, '/source', { ...context, format: 'raw', writable: true })
    source.writeAt(1000, new Random(4).bytes(100_000))
    source.close()
    const target = { path: '/disk', format: 'qcow2', qcow2: { dataFile: 'data' } } as const
    engine.convert({ source: { path: '/source', format: 'raw' }, target, overwrite: false }, context)
    const over = { path: '/data', format: 'raw' } as const
    expect(codeOf(() => engine.convert({ source: { path: '/disk' }, target: over, overwrite: true }, context))).toBe('SAME_FILE')
    engine.resize({ path: '/disk', size: SIZE * 2, preallocation: 'full' }, context)
    expect(files.facts('/data')?.size).toBe(SIZE * 2)
    engine.resize({ path: '/disk', size: SIZE / 2, shrink: true }, context)
    expect(files.facts('/data')?.size).toBe(SIZE / 2)
    files.rename('/data', '/elsewhere')
    files.create('/data').close() // the image must open to be changed
    engine.amend({ path: '/disk', changes: { dataFile: 'elsewhere' } }, context)
    const disk = openDisk(platform, '/disk', context)
    const bytes = new Uint8Array(100_000)
    disk.readAt(1000, bytes)
    disk.close()
    expect(bytes).toEqual(new Random(4).bytes(100_000))
  })

  it.each([
    [{ dataFile: 'data', compat: '0.10' }, 'INVALID_ARGUMENT'],
    [{ dataFileRaw: true }, 'INVALID_ARGUMENT'],
    [{ dataFile: 'disk' }, 'SAME_FILE'],
    [{ dataFile: '' }, 'INVALID_ARGUMENT'],
  ] as const)('refuses %o', (qcow2, code) => {
    const { engine, files } = bench()
    expect(codeOf(() => engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2, overwrite: false }, context))).toBe(code)
    expect(files.paths).toEqual([])
  })
})
