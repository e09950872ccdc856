import { describe, expect, it } from 'vitest'
import type { Preallocation } from '../../../../src/shared/model.ts'
import { isZero } from '../../../../src/engine/base/bytes.ts'
import { portableDeflate } from '../../../../src/engine/codec/deflate.portable.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, type Job, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { cancelledAt } from '../../../fixtures/cancelled-job.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'
import { portable } from '../../../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 4096
const SIZE = CLUSTER * 64

function bench(compat: '0.10' | '1.1' = '1.1') {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER, compat }, overwrite: false }, context)
  return { platform, engine }
}

describe('resize', () => {
  it.each([
    ['0.10', 'off'],
    ['1.1', 'off'],
    ['1.1', 'metadata'],
  ] as const)('shows zeros where something was mapped past the end of the disk (compat %s, preallocation %s)', (compat, preallocation) => {
    const { platform, engine } = bench(compat)
    const disk = openDisk(platform, '/disk', { ...context, writable: true })
    disk.writeAt(0, new Random(3).bytes(SIZE))
    disk.writePacked(SIZE - CLUSTER, portableDeflate.pack(new Random(4).text(CLUSTER))!)
    disk.close()
    const storage = platform.files.open('/disk', true)
    storage.writeAt(28, Uint8Array.of(0, 0, 0x18, 0)) // the size in the header's last four bytes of it: 6144
    storage.close()
    engine.resize({ path: '/disk', size: SIZE * 2, preallocation }, context)
    const grown = openDisk(platform, '/disk', context)
    const all = new Uint8Array(grown.size)
    grown.readAt(0, all)
    expect(all.subarray(0, 6144)).toEqual(new Random(3).bytes(SIZE).subarray(0, 6144))
    expect(isZero(all.subarray(6144))).toBe(true)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it.each([1, 2, 3])('stopped at checkpoint %i leaves a sound disk of the old size, that can be grown after all', (n) => {
    const { platform, engine } = bench()
    const grow = (job: Job, preallocation: Preallocation) =>
      engine.resize({ path: '/disk', size: 2 ** 26, preallocation }, { ...context, job })
    expect(codeOf(() => grow(cancelledAt(n), 'metadata'))).toBe('CANCELLED')
    expect(engine.info({ path: '/disk' }, context).layers[0]?.virtualSize).toBe(SIZE)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
    grow(unwatched, 'off')
    const disk = openDisk(platform, '/disk', context)
    const all = new Uint8Array(disk.size)
    disk.readAt(0, all)
    expect(isZero(all)).toBe(true)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it('tells how far setting space aside is', () => {
    const { engine } = bench()
    const told: number[] = []
    const job: Job = { checkpoint() {}, report: ({ done }) => told.push(done) }
    engine.resize({ path: '/disk', size: 2 ** 26, preallocation: 'metadata' }, { ...context, job })
    expect(told.length).toBeGreaterThan(5)
    expect(told).toEqual([...told].sort((a, b) => a - b))
  })
})
