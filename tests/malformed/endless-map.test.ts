import { expect, it } from 'vitest'
import type { MapRun } from '../../src/shared/requests.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../src/engine/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { native } from '../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 65_536
const L2_REACH = CLUSTER * 8192
const L1_AT = 16 * CLUSTER

/** An image of which every L1 entry leads to the same L2 table, all zeros by their flags: few bytes, and a map of `tables` tables. */
function image(tables: number): MemorySystem {
  const files = new MemorySystem()
  createEngine(undefined, { files, ...native }).create({ path: '/disk', format: 'qcow2', size: CLUSTER, overwrite: false }, context)
  const storage = files.open('/disk', true)
  const l2At = L1_AT + Math.ceil((tables * 8) / CLUSTER) * CLUSTER
  const words = (word: bigint, count: number): Buffer => Buffer.alloc(count * 8, Buffer.from(word.toString(16).padStart(16, '0'), 'hex'))
  storage.writeAt(L1_AT, words(BigInt(l2At) | (1n << 63n), tables))
  storage.writeAt(l2At, words(1n, 8192))
  storage.writeAt(24, words(BigInt(tables * L2_REACH), 1))
  storage.writeAt(36, words(BigInt(tables), 1).subarray(4))
  storage.writeAt(40, words(BigInt(L1_AT), 1))
  storage.close()
  return files
}

/** Milliseconds of the processor's time: another test may have it meanwhile. */
function worked(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

it('an image whose map would take an hour to walk is told of as far as a second goes', () => {
  const engine = createEngine(undefined, { files: image(4_000_000), ...native })
  const estimate = { source: { path: '/disk' }, target: { path: '/new', format: 'qcow2' }, overwrite: false } as const
  const size = 4_000_000 * L2_REACH
  for (const ask of [
    () => engine.info({ path: '/disk' }, context),
    () => engine.layout({ path: '/disk' }, context),
    () => engine.snapshotSpace({ path: '/disk' }, context),
    () => engine.mapOverview({ path: '/disk', start: 0, length: size, cellSize: 2 ** 41 }, context),
    () => expect(engine.map({ path: '/disk', milliseconds: 300 }, context).next).toBeGreaterThan(0),
    () => expect(engine.estimate(estimate, context)).toMatchObject({ virtualSize: size }),
  ])
    expect(worked(ask)).toBeLessThan(2000)
})

it('a map that is told in parts is the same as one that is told at once', () => {
  const engine = createEngine(undefined, { files: image(200), ...native })
  const parts: MapRun[] = []
  let answers = 0
  for (let start: number | undefined = 0; start !== undefined; answers++) {
    const { runs, next } = engine.map({ path: '/disk', start, milliseconds: 20 }, context)
    parts.push(...runs)
    start = next
  }
  expect(answers).toBeGreaterThan(1)
  const [whole, ...others] = engine.map({ path: '/disk' }, context).runs
  expect(others).toEqual([])
  expect(parts.reduce((sum, { length }) => sum + length, 0)).toBe(whole?.length)
  for (const part of parts) expect({ ...part, start: 0, length: 0 }).toEqual({ ...whole, start: 0, length: 0 })
})

it('a file of a petabyte that is all hole but its start is mapped and compacted at once, whatever its counts say', () => {
  const files = new MemorySystem()
  const platform = { files, ...native }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: 2 ** 30, overwrite: false }, context)
  const disk = openDisk(platform, '/disk', { ...context, writable: true })
  disk.writeAt(0, new Uint8Array(CLUSTER).fill(1))
  disk.close()
  const storage = files.open('/disk', true)
  storage.truncate(2 ** 50)
  const map = () =>
    expect(engine.map({ path: '/disk' }, context).runs).toMatchObject([{ start: 0, length: CLUSTER, data: true }, { zero: true }])
  expect(worked(map)).toBeLessThan(2000)
  // A check knows fewer clusters than that, and compacting begins with one.
  storage.truncate(2 ** 46)
  expect(worked(() => engine.compact({ path: '/disk', how: 'in-place', dryRun: true }, context))).toBeLessThan(2000)
  expect(worked(() => engine.compact({ path: '/disk', how: 'in-place' }, context))).toBeLessThan(2000)
  expect(storage.size).toBeLessThan(2 ** 20)
  storage.truncate(2 ** 50)
  // A refcount table of 8 MiB in which every block is one and the same, of zeros.
  const table = 2 ** 30
  storage.writeAt(table, Buffer.alloc(8 * 2 ** 20, Buffer.from('0000000080000000', 'hex')))
  storage.writeAt(48, Buffer.from(table.toString(16).padStart(16, '0') + '00000080', 'hex'))
  storage.close()
  expect(worked(map)).toBeLessThan(4000)
})
