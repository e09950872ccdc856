import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../../../src/shared/model.ts'
import type { BitmapAction } from '../../../../src/shared/requests.ts'
import { openDisk, openLayer } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 2 ** 22

function bench() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  const create = (path: string, qcow2: Qcow2Options = {}, size = SIZE) =>
    engine.create({ path, format: 'qcow2', size, qcow2, overwrite: false }, context)
  const act = (path: string, name: string, ...actions: BitmapAction[]) =>
    engine.bitmap({ path, name, actions }, context).info.qcow2?.bitmaps ?? []
  const write = (path: string, at: number, length: number): void => {
    const disk = openDisk(platform, path, { ...context, writable: true })
    disk.writeAt(at, new Uint8Array(length).fill(1))
    disk.close()
  }
  const marked = (path: string, name: string) => [...openLayer(platform, path, context).bitmaps!.marked(name)]
  return { platform, engine, create, act, write, marked }
}

describe('the verb bitmap', () => {
  it('does several things in order', () => {
    const { create, act, write, marked } = bench()
    create('/a')
    expect(act('/a', 'one', { do: 'add', granularity: 512 })).toEqual([{ name: 'one', granularity: 512, flags: ['auto'] }])
    write('/a', 4096, 512)
    act('/a', 'two', { do: 'add' }, { do: 'disable' }, { do: 'merge', source: 'one' }, { do: 'merge', source: 'two' })
    write('/a', 0, 1)
    expect(marked('/a', 'one')).toEqual([
      { at: 0, length: 512 },
      { at: 4096, length: 512 },
    ])
    expect(marked('/a', 'two')).toEqual([{ at: 0, length: 65536 }])
    expect(act('/a', 'one', { do: 'clear' }, { do: 'remove' }, { do: 'add' })).toEqual([
      { name: 'two', granularity: 65536, flags: [] },
      { name: 'one', granularity: 65536, flags: ['auto'] },
    ])
    expect(marked('/a', 'one')).toEqual([])
  })

  it('chooses the granularity as QEMU does: a cluster, of 4 KiB to 64 KiB', () => {
    const { create, act } = bench()
    for (const [clusterSize, granularity] of [
      [512, 4096],
      [16384, 16384],
      [2 ** 21, 65536],
    ] as const) {
      create(`/${clusterSize}`, { clusterSize })
      expect(act(`/${clusterSize}`, 'one', { do: 'add' })[0]?.granularity).toBe(granularity)
    }
  })

  it('merges from another image of the same size', () => {
    const { create, act, write, marked } = bench()
    create('/a')
    create('/b', { clusterSize: 4096 })
    create('/large', {}, SIZE * 2)
    for (const path of ['/a', '/b', '/large']) act(path, 'one', { do: 'add' })
    write('/b', 2 ** 20, 5000)
    act('/a', 'one', { do: 'merge', source: 'one', from: { path: '/b', format: 'qcow2' } })
    expect(marked('/a', 'one')).toEqual([{ at: 2 ** 20, length: 65536 }])
    expect(thrown(() => act('/a', 'one', { do: 'merge', source: 'one', from: { path: '/large' } }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `Bitmaps are of different sizes (destination size is ${SIZE}, source size is ${SIZE * 2}) and can't be merged`,
    })
    expect(marked('/a', 'one')).toEqual([{ at: 2 ** 20, length: 65536 }])
  })

  it('says which action failed, and keeps what was done before', () => {
    const { engine, create, act } = bench()
    create('/a')
    expect(thrown(() => act('/a', 'one', { do: 'add' }, { do: 'merge', source: 'none' }, { do: 'remove' }))).toMatchObject({
      code: 'NOT_FOUND',
      message: "Dirty bitmap 'none' not found",
      where: { path: '/a', field: 'actions[1]' },
    })
    expect(engine.info({ path: '/a' }, context).layers[0]?.qcow2?.bitmaps).toHaveLength(1)
    engine.create({ path: '/raw', format: 'raw', size: SIZE, overwrite: false }, context)
    expect(thrown(() => act('/raw', 'one', { do: 'add' }))).toMatchObject({ code: 'UNSUPPORTED', where: { field: 'actions[0]' } })
    expect(thrown(() => act('/raw', 'one', { do: 'clear' }))).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a conversion with bitmaps', () => {
  it('takes along those of the top layer, with their marks', () => {
    const { engine, create, act, write, marked } = bench()
    create('/a')
    act('/a', 'on', { do: 'add', granularity: 1024 })
    act('/a', 'off', { do: 'add' })
    write('/a', 70_000, 3000)
    act('/a', 'off', { do: 'disable' })
    const { info } = engine.convert(
      {
        source: { path: '/a' },
        target: { path: '/b', format: 'qcow2', qcow2: { clusterSize: 4096 }, compress: true },
        overwrite: false,
        bitmaps: 'all',
      },
      context,
    )
    expect(info.qcow2?.bitmaps).toEqual([
      { name: 'on', granularity: 1024, flags: ['auto'] },
      { name: 'off', granularity: 65536, flags: [] },
    ])
    for (const name of ['on', 'off']) expect(marked('/b', name)).toEqual(marked('/a', name))
    const { corruptions, leaks } = engine.check({ path: '/b' }, context)
    expect({ corruptions, leaks }).toEqual({ corruptions: 0, leaks: 0 })
  })

  it('refuses inconsistent ones unless they may be left out, and targets that hold none, before there is a target', () => {
    const { platform, engine, create, act } = bench()
    create('/a')
    act('/a', 'broken', { do: 'add' })
    act('/a', 'fine', { do: 'add' }, { do: 'disable' })
    const open = openDisk(platform, '/a', { ...context, writable: true })
    open.writeAt(0, new Uint8Array(512)) // and never closed
    const convert = (target: { format: 'raw' | 'qcow2'; qcow2?: Qcow2Options }, bitmaps: 'all' | 'sound') => () =>
      engine.convert({ source: { path: '/a' }, target: { path: '/b', ...target }, overwrite: false, bitmaps }, context)
    expect(thrown(convert({ format: 'qcow2' }, 'all'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: "Cannot copy inconsistent bitmap 'broken'",
    })
    expect(thrown(convert({ format: 'raw' }, 'sound'))).toMatchObject({ code: 'UNSUPPORTED', where: { path: '/b', field: 'bitmaps' } })
    expect(thrown(convert({ format: 'qcow2', qcow2: { compat: '0.10' } }, 'sound'))).toMatchObject({ code: 'UNSUPPORTED' })
    expect(platform.files.paths).toEqual(['/a'])
    expect(convert({ format: 'qcow2' }, 'sound')().info.qcow2?.bitmaps?.map(({ name }) => name)).toEqual(['fine'])
    create('/old', { compat: '0.10' })
    expect(
      thrown(() =>
        engine.convert({ source: { path: '/old' }, target: { path: '/c', format: 'qcow2' }, overwrite: false, bitmaps: 'all' }, context),
      ),
    ).toMatchObject({ message: 'Source lacks bitmap support' })
  })
})
