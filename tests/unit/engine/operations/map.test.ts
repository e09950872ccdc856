import { describe, expect, it } from 'vitest'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import type { MapRun } from '../../../../src/shared/requests.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 65536
const SIZE = 16 * CLUSTER

function bench() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  const write = (path: string, work: (disk: ReturnType<typeof openDisk>) => void): void => {
    const disk = openDisk(platform, path, { ...context, writable: true })
    work(disk)
    disk.close()
  }
  return { engine, write, platform }
}

const brief = ({ start, length, depth, present, zero, data }: MapRun): unknown[] => [
  start / CLUSTER,
  length / CLUSTER,
  depth,
  present,
  zero,
  data,
]

describe('map', () => {
  it('tells layer by layer where the bytes lie, and joins what lies together', () => {
    const { engine, write } = bench()
    engine.create({ path: '/base', format: 'qcow2', size: SIZE / 2, overwrite: false }, context)
    write('/base', (disk) => disk.writeAt(0, new Random(1).bytes(4 * CLUSTER)))
    engine.create({ path: '/top', format: 'qcow2', size: SIZE, backing: { name: 'base' }, overwrite: false }, context)
    write('/top', (disk) => {
      disk.writeAt(CLUSTER, new Random(2).bytes(CLUSTER))
      disk.zeroAt(2 * CLUSTER, CLUSTER)
    })
    const { runs, next } = engine.map({ path: '/top' }, context)
    expect(runs.map(brief)).toEqual([
      [0, 1, 1, true, false, true],
      [1, 1, 0, true, false, true],
      [2, 1, 0, true, true, false],
      [3, 1, 1, true, false, true],
      [4, 4, 1, false, true, false],
      [8, 8, 0, false, true, false],
    ])
    expect(next).toBeUndefined()
    expect(runs.map(({ path }) => path)).toEqual(['/base', '/top', undefined, '/base', undefined, undefined])
  })

  it('says the bytes where it says that they lie', () => {
    const { engine, write, platform } = bench()
    engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: 4096 }, overwrite: false }, context)
    write('/disk', (disk) => {
      for (const at of [9, 3, 4, 11]) disk.writeAt(at * CLUSTER + 100, new Random(at).bytes(5000))
    })
    const disk = openDisk(platform, '/disk', context)
    for (const run of engine.map({ path: '/disk' }, context).runs) {
      if (run.offset === undefined) continue
      const [guest, host] = [new Uint8Array(run.length), new Uint8Array(run.length)]
      disk.readAt(run.start, guest)
      platform.files.open(run.path!, false).readAt(run.offset, host)
      expect(host).toEqual(guest)
    }
    disk.close()
  })

  it('answers in pages that together are the whole', () => {
    const { engine, write } = bench()
    engine.create({ path: '/disk', format: 'qcow2', size: SIZE, overwrite: false }, context)
    write('/disk', (disk) => {
      for (let at = 0; at < SIZE; at += 2 * CLUSTER) disk.writeAt(at, new Random(at + 1).bytes(CLUSTER))
    })
    const { runs } = engine.map({ path: '/disk' }, context)
    const paged: MapRun[] = []
    for (let start: number | undefined = 0; start !== undefined;) {
      const page = engine.map({ path: '/disk', start, most: 3 }, context)
      expect(page.runs.length).toBeLessThanOrEqual(3)
      paged.push(...page.runs)
      start = page.next
    }
    expect(paged).toEqual(runs)
    expect(runs.length).toBe(16)
  })

  it('keeps to the range that was asked for', () => {
    const { engine } = bench()
    engine.create({ path: '/disk', format: 'raw', size: SIZE, overwrite: false }, context)
    expect(engine.map({ path: '/disk', start: 1000, length: 2000 }, context).runs).toMatchObject([{ start: 1000, length: 2000 }])
    expect(engine.map({ path: '/disk', start: SIZE - 10 }, context).runs).toMatchObject([{ start: SIZE - 10, length: 10 }])
    expect(engine.map({ path: '/disk', start: SIZE }, context)).toEqual({ runs: [] })
    for (const wrong of [{ start: -1 }, { length: 1.5 }, { most: 0 }])
      expect(codeOf(() => engine.map({ path: '/disk', ...wrong }, context))).toBe('INVALID_ARGUMENT')
  })
})
