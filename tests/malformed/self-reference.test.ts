import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../src/engine/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 4096
const SIZE = CLUSTER * 64

/** An image with data and a snapshot, and the offsets of its tables. */
function image() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER }, overwrite: false }, context)
  for (const name of ['one', undefined]) {
    const disk = openDisk(platform, '/disk', { ...context, writable: true })
    disk.writeAt(0, new Random(1).bytes(CLUSTER * 8))
    disk.close()
    if (name !== undefined) engine.snapshot({ path: '/disk', action: { do: 'create', name } }, context)
  }
  const storage = platform.files.open('/disk', true)
  const at = (offset: number): number => {
    const bytes = new Uint8Array(8)
    storage.readAt(offset, bytes)
    return Number(new DataView(bytes.buffer).getBigUint64(0) & 0x00fffffffffffe00n)
  }
  const l1 = at(40)
  const table = at(48)
  const write = (offset: number, value: number, flags = 0n): void => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value) | flags)
    storage.writeAt(offset, bytes)
  }
  return { platform, engine, storage, write, l1, l2: at(l1), table, block: at(table), snapshots: at(64) }
}

type Image = ReturnType<typeof image>
const OWN = 1n << 63n

const LOOPS: [what: string, bend: (image: Image) => void][] = [
  ['a refcount table that is its own block', ({ write, table }) => write(table, table)],
  ['a refcount table whose blocks are all one', ({ write, table, block }) => [1, 2, 3].forEach((i) => write(table + 8 * i, block))],
  ['a refcount table that is the header', ({ write }) => write(48, 0)],
  ['a refcount table that is the L1 table', ({ write, l1 }) => write(48, l1)],
  ['an L1 table that is the refcount table', ({ write, table }) => write(40, table)],
  ['an L1 table that is its own L2 table', ({ write, l1 }) => write(l1, l1, OWN)],
  ['an L2 table that is its own data', ({ write, l2 }) => write(l2, l2, OWN)],
  ['an L2 entry that leads to the refcount block', ({ write, l2, block }) => write(l2, block, OWN)],
  ['an L1 table that is the header', ({ write }) => write(40, 0)],
  ['a snapshot whose L1 table is the snapshot table', ({ write, snapshots }) => write(snapshots, snapshots)],
  ['a snapshot table that is the header', ({ write }) => write(64, 0)],
]

describe('an image that leads to itself, by', () => {
  it.each(LOOPS)('%s: every question and every write ends, and a repair mends it or refuses it', (_what, bend) => {
    const { platform, engine, storage, ...rest } = image()
    bend({ platform, engine, storage, ...rest })
    const ask = <T>(question: () => T): T | undefined => {
      try {
        return question()
      } catch (error) {
        if (!(error instanceof StrataError) || error.code === 'BUG') throw error
        return undefined
      }
    }
    ask(() => engine.info({ path: '/disk' }, context))
    ask(() => engine.map({ path: '/disk' }, context))
    ask(() => engine.snapshotSpace({ path: '/disk' }, context))
    const found = ask(() => engine.check({ path: '/disk' }, context))
    if (found) expect(found.corruptions).toBeGreaterThan(0)
    ask(() => {
      const disk = openDisk(platform, '/disk', { ...context, writable: true })
      try {
        for (let at = 0; at < SIZE; at += 5 * CLUSTER) ask(() => disk.writeAt(at, new Random(at).bytes(CLUSTER)))
      } finally {
        disk.close()
      }
    })
    const mended = ask(() => engine.check({ path: '/disk', repair: 'all' }, context))
    if (mended) expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
    expect(platform.files.openHandles).toBe(1)
  })
})
