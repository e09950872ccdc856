import { describe, expect, it } from 'vitest'
import type { CreateRequest } from '../../../../src/shared/requests.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }

function bench() {
  const files = new MemorySystem()
  const engine = createEngine(undefined, { files, ...portable })
  const create = (request: Partial<CreateRequest>) =>
    engine.create({ path: '/disk', format: 'qcow2', size: 2 ** 30, overwrite: true, ...request }, context).info
  return { files, engine, create }
}

describe('create', () => {
  it('makes a disk of a terabyte that costs nothing to speak of', () => {
    const { files, engine, create } = bench()
    expect(create({ size: 2 ** 40 })).toMatchObject({ virtualSize: 2 ** 40, clusterSize: 65536, snapshots: [] })
    expect(files.facts('/disk')?.size).toBeLessThan(2 ** 19)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it.each([512, 2 ** 12, 2 ** 16, 2 ** 21])('sets the map aside for clusters of %i bytes, so that no write has to', (clusterSize) => {
    const { engine, create } = bench()
    create({ size: clusterSize * 1000 + 512, qcow2: { clusterSize, preallocation: 'metadata' } })
    const report = engine.check({ path: '/disk' }, context)
    expect(report).toMatchObject({ corruptions: 0, leaks: 0, allocatedClusters: 1001, totalClusters: 1001 })
  })

  it('takes an overlay its size and format from the file below', () => {
    const { engine, create } = bench()
    create({ path: '/base', size: 12_345 * 512 })
    expect(engine.create({ path: '/disk', format: 'qcow2', backing: { name: 'base' }, overwrite: false }, context).info).toMatchObject({
      virtualSize: 12_345 * 512,
      backingName: 'base',
      backingPath: '/base',
      backingFormat: 'qcow2',
    })
    expect(engine.info({ path: '/disk' }, context).layers.map(({ path }) => path)).toEqual(['/disk', '/base'])
  })

  it('makes an empty disk, and one of the largest size that its clusters can map', () => {
    const { engine, create } = bench()
    for (const size of [0, 512, 2 ** 51]) {
      expect(create({ size }).virtualSize).toBe(size)
      expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
    }
  })

  const WRONG: [what: string, request: Partial<CreateRequest>][] = [
    ['a size that is no whole number of sectors', { size: 1000 }],
    ['a negative size', { size: -512 }],
    ['a size above 2^53', { size: 2 ** 60 }],
    ['a size above what the clusters can map', { size: 2 ** 52 }],
    ['no size', { size: undefined as never }],
    ['clusters of 3000 bytes', { qcow2: { clusterSize: 3000 } }],
    ['clusters of 4 MiB', { qcow2: { clusterSize: 2 ** 22 } }],
    ['counts of 12 bits', { qcow2: { refcountBits: 12 } }],
    ['counts of 8 bits in version 2', { qcow2: { refcountBits: 8, compat: '0.10' } }],
    ['a raw disk with a backing file', { format: 'raw', backing: { name: '/base' } }],
    ['metadata set aside over a backing file', { backing: { name: '/base' }, qcow2: { preallocation: 'metadata' } }],
    ['a backing name too long for the first cluster', { backing: { name: `/${'../'.repeat(170)}base` }, qcow2: { clusterSize: 512 } }],
  ]
  it.each(WRONG)('refuses %s, and makes no file', (_what, request) => {
    const { files, create } = bench()
    create({ path: '/base' })
    expect(() => create(request)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(files.facts('/disk')).toBeUndefined()
  })
})

describe('resize', () => {
  it('grows raw and qcow2 disks, and shrinks them only when that is meant', () => {
    const { engine, create } = bench()
    for (const format of ['raw', 'qcow2'] as const) {
      create({ format, size: 2 ** 20 })
      expect(engine.resize({ path: '/disk', format, size: 2 ** 34 }, context)).toMatchObject({
        before: 2 ** 20,
        info: { virtualSize: 2 ** 34 },
      })
      expect(() => engine.resize({ path: '/disk', format, size: 2 ** 20 }, context)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
      expect(engine.info({ path: '/disk', format }, context).layers[0]?.virtualSize).toBe(2 ** 34)
      expect(engine.resize({ path: '/disk', format, size: 2 ** 21, shrink: true }, context).info.virtualSize).toBe(2 ** 21)
    }
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it('sets the map of the new room aside when asked', () => {
    const { engine, create } = bench()
    create({ size: 2 ** 20 })
    engine.resize({ path: '/disk', size: 2 ** 24, preallocation: 'metadata' }, context)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({
      corruptions: 0,
      leaks: 0,
      allocatedClusters: (2 ** 24 - 2 ** 20) / 65536,
    })
  })
})
