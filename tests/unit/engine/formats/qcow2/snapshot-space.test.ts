import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../../../../src/shared/model.ts'
import type { SnapshotAction } from '../../../../../src/shared/requests.ts'
import type { Platform } from '../../../../../src/engine/device/platform.ts'
import { openDisk } from '../../../../../src/engine/device/open.ts'
import { runCheck } from '../../../../../src/engine/formats/qcow2/check.ts'
import { Holders } from '../../../../../src/engine/formats/qcow2/holders.ts'
import { type CallContext, createEngine, unwatched } from '../../../../../src/engine/index.ts'
import { nodeFileSystem } from '../../../../../src/engine/io/file-system.node.ts'
import { MemorySystem } from '../../../../../src/engine/io/memory-system.ts'
import { native, portable } from '../../../../fixtures/platform.ts'
import { hasProgram } from '../../../../fixtures/programs.ts'
import { Random } from '../../../../fixtures/random.ts'
import { scratchFolder } from '../../../../fixtures/scratch.ts'
import { codeOf } from '../../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 4096

/** An image at `path`, and what can be done with it. */
function made(platform: Platform, path: string, clusters: number, qcow2: Qcow2Options = {}) {
  const engine = createEngine(undefined, platform)
  engine.create({ path, format: 'qcow2', size: clusters * CLUSTER, qcow2: { clusterSize: CLUSTER, ...qcow2 }, overwrite: false }, context)
  const change = (run: (disk: ReturnType<typeof openDisk>) => void): void => {
    const disk = openDisk(platform, path, { ...context, writable: true })
    run(disk)
    disk.close()
  }
  const act = (action: SnapshotAction, image = path) => engine.snapshot({ path: image, action }, context)
  const space = (image = path) => engine.snapshotSpace({ path: image }, context).space!
  return { engine, change, act, space }
}

/** Bytes of the clusters of an image that are in use; the image is sound. */
function inUse(platform: Platform, path: string): number {
  const storage = platform.files.open(path, false)
  const { findings, counts, image } = runCheck(storage, unwatched)
  let used = 0
  for (let cluster = 0; cluster < image.clusters; cluster++) if ((counts.get(cluster) ?? 0) > 0) used++
  storage.close()
  expect(findings.kept).toEqual([])
  return used * image.geometry.clusterSize
}

function copy(files: MemorySystem, from: string, to: string): void {
  const source = files.open(from, false)
  const bytes = new Uint8Array(source.size)
  source.readAt(0, bytes)
  source.close()
  const target = files.create(to)
  target.writeAt(0, bytes)
  target.close()
}

describe.each<[string, Qcow2Options]>([
  ['plain', {}],
  ['with extended entries', { clusterSize: 16384, extendedL2: true }],
  ['of version 2', { compat: '0.10' }],
  ['in tiny clusters', { clusterSize: 512 }],
])('a long history, %s', (_what, qcow2) => {
  it('tells what deleting each snapshot gives back', () => {
    const platform = { files: new MemorySystem(), ...portable }
    const { change, act, space } = made(platform, '/disk', 400, qcow2)
    const random = new Random(7)
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      change((disk) => {
        for (let i = 0; i < 12; i++) {
          const at = random.below(380) * CLUSTER
          if (random.below(4) === 0) disk.discardAt(at, 6 * CLUSTER)
          else disk.writeAt(at, random.bytes(random.length(5 * CLUSTER)))
        }
        const { grain } = disk.driver
        const { codec, packGrain = grain } = disk.driver
        for (let i = 0; i < 6; i++) {
          const packed = codec!.pack(random.text(packGrain))
          if (packed) disk.writePacked(random.below(disk.size / packGrain) * packGrain, packed)
        }
      })
      act({ do: 'create', name })
    }
    change((disk) => disk.writeAt(0, random.bytes(20 * CLUSTER)))

    const before = inUse(platform, '/disk')
    const told = space()
    expect(told.snapshots.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5'])
    expect(told.now.alone).toBeGreaterThanOrEqual(20 * CLUSTER)
    for (const { id, alone, shared } of told.snapshots) {
      expect(shared).toBeGreaterThan(0)
      copy(platform.files, '/disk', `/without-${id}`)
      act({ do: 'delete', snapshot: id }, `/without-${id}`)
      expect(before - inUse(platform, `/without-${id}`)).toBe(alone)
    }
    // Going back leaves what the disk held alone to nobody; its L1 table is exchanged for another.
    copy(platform.files, '/disk', '/back')
    act({ do: 'apply', snapshot: '5' }, '/back')
    expect(before - inUse(platform, '/back')).toBe(told.now.alone)
    expect(platform.files.openHandles).toBe(0)
  })
})

it('shares all at first, and nothing once one is left', () => {
  const platform = { files: new MemorySystem(), ...portable }
  const { engine, change, act, space } = made(platform, '/disk', 100)
  change((disk) => disk.writeAt(0, new Uint8Array(10 * CLUSTER).fill(1)))
  expect(space()).toEqual({ now: { alone: 11 * CLUSTER, shared: 0 }, snapshots: [] })
  expect(engine.snapshotSpace({ path: '/disk', thorough: true }, context).space).toEqual(space())
  act({ do: 'create', name: 'a' })
  const shared = 11 * CLUSTER
  expect(space()).toEqual({ now: { alone: 0, shared }, snapshots: [{ id: '1', alone: CLUSTER, shared }] })
  act({ do: 'create', name: 'b' })
  change((disk) => disk.writeAt(0, new Uint8Array(CLUSTER).fill(2)))
  // The table is copied with its first change.
  expect(space().now).toEqual({ alone: 2 * CLUSTER, shared: 9 * CLUSTER })
  expect(space().snapshots).toEqual([
    { id: '1', alone: CLUSTER, shared },
    { id: '2', alone: CLUSTER, shared },
  ])
})

it('is told of an image that is being written, as it is now', () => {
  const platform = { files: new MemorySystem(), ...portable }
  const { change, act } = made(platform, '/disk', 100)
  act({ do: 'create', name: 'a' })
  change((disk) => {
    disk.writeAt(0, new Uint8Array(3 * CLUSTER).fill(1))
    expect(disk.driver.snapshots!.space(false, unwatched)!.now).toEqual({ alone: 4 * CLUSTER, shared: 0 })
  })
})

it('is refused for a damaged map, and for what holds no snapshots', () => {
  const platform = { files: new MemorySystem(), ...portable }
  const { engine, change, act } = made(platform, '/disk', 100)
  change((disk) => disk.writeAt(0, new Uint8Array(CLUSTER).fill(1)))
  act({ do: 'create', name: 'a' })
  const storage = platform.files.open('/disk', true)
  const header = new DataView(new ArrayBuffer(48))
  storage.readAt(0, new Uint8Array(header.buffer))
  storage.writeAt(header.getUint32(44), Uint8Array.of(0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0))
  storage.close()
  expect(codeOf(() => engine.snapshotSpace({ path: '/disk' }, context))).toBe('CORRUPT')
  engine.create({ path: '/raw', format: 'raw', size: 512, overwrite: false }, context)
  expect(codeOf(() => engine.snapshotSpace({ path: '/raw', format: 'raw' }, context))).toBe('UNSUPPORTED')
  expect(platform.files.openHandles).toBe(0)
})

it('is not told at once where tables of gigabytes would have to be read', () => {
  const platform = { files: new MemorySystem(), ...portable }
  // L1 tables of 20 MiB each, without an entry: 30 of them are more than half a gigabyte.
  const { engine, act } = made(platform, '/disk', (20 * 2 ** 20 * 64 * 512) / 8 / CLUSTER, { clusterSize: 512 })
  const before = engine.snapshotSpace({ path: '/disk' }, context)
  expect(before.space?.now).toEqual({ alone: 0, shared: 0 })
  act({ do: 'create', name: 'a' })
  const storage = platform.files.open('/disk', true)
  const header = new DataView(new ArrayBuffer(72))
  storage.readAt(0, new Uint8Array(header.buffer))
  // The same row of the table, thirty times.
  const at = header.getUint32(68)
  const row = new Uint8Array(72)
  storage.readAt(at, row)
  const end = Math.ceil(storage.size / 512) * 512
  for (let i = 0; i < 30; i++) storage.writeAt(end + i * 72, row)
  header.setUint32(60, 30)
  header.setUint32(68, end)
  storage.writeAt(0, new Uint8Array(header.buffer))
  storage.close()
  expect(engine.snapshotSpace({ path: '/disk' }, context)).toEqual({})
})

describe('the holders of clusters', () => {
  it('tell apart what many share', () => {
    const holders = new Holders(70)
    const sets = Array.from({ length: 70 }, (_, i) => holders.only(i))
    sets.forEach((set, i) => holders.add(1000 + i, 3, set))
    holders.add(5, 1, sets[69]!)
    holders.add(5, 1, sets[69]!)
    const told = holders.tell()
    expect(told[0]).toEqual({ alone: 1, shared: 2 })
    expect(told[30]).toEqual({ alone: 0, shared: 3 })
    expect(told[69]).toEqual({ alone: 2, shared: 2 })
    expect(holders.full).toBe(false)
  })

  it('are full before they take more memory than is good', () => {
    const scattered = new Holders(1)
    const set = scattered.only(0)
    for (let i = 0; i < 65_600; i++) scattered.add(i * 1024, 1, set)
    expect(scattered.full).toBe(true)
    const many = new Holders(40)
    const random = new Random(3)
    for (let i = 0; i < 2_000_000 && !many.full; i++) many.add(i % 4096, 1, many.only(random.below(40)))
    expect(many.full).toBe(true)
  })
})

// Skipped where qemu-img is not installed.
it.skipIf(!hasProgram('qemu-img'))('agrees with what qemu-img gives back', () => {
  const platform = { files: nodeFileSystem, ...native }
  const path = join(scratchFolder(), 'disk.qcow2')
  const { change, space } = made(platform, path, 2000, { clusterSize: 65536 })
  const random = new Random(11)
  for (const name of ['a', 'b', 'c']) {
    change((disk) => {
      for (let i = 0; i < 8; i++) disk.writeAt(random.below(1900) * CLUSTER, random.bytes(9 * CLUSTER))
    })
    execFileSync('qemu-img', ['snapshot', '-c', name, path])
  }
  change((disk) => disk.writeAt(0, random.bytes(40 * CLUSTER)))
  const before = inUse(platform, path)
  for (const [i, { alone }] of space().snapshots.entries()) {
    const other = `${path}-${i}`
    copyFileSync(path, other)
    execFileSync('qemu-img', ['snapshot', '-d', 'abc'[i]!, other])
    expect(before - inUse(platform, other)).toBe(alone)
  }
})
