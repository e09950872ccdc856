import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../../../src/shared/model.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { nodeFileSystem } from '../../../../src/engine/io/file-system.node.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { sparseCalls } from '../../../../src/engine/io/sparse.node.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { cancelledAt } from '../../../fixtures/cancelled-job.ts'
import { native, portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { scratchFolder } from '../../../fixtures/scratch.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 65536
const MIB = 2 ** 20

/** A memory file system with one image, and what its storages were asked to read, in bytes. */
function bench(size: number, qcow2: Qcow2Options = {}, secrets?: Record<string, Uint8Array>) {
  const files = new MemorySystem()
  const read = { bytes: 0 }
  class Counting extends StorageDecorator {
    override readAt(at: number, into: Uint8Array): void {
      read.bytes += into.length
      super.readAt(at, into)
    }
  }
  const platform = { files: wrapSystem(files, (storage: Storage) => new Counting(storage)), ...(secrets ? native : portable) }
  const engine = createEngine(undefined, platform)
  const calls = secrets ? { ...context, secrets } : context
  engine.create({ path: '/disk', format: 'qcow2', size, qcow2, overwrite: false }, calls)
  const use = <T>(work: (disk: ReturnType<typeof openDisk>) => T): T => {
    const disk = openDisk(platform, '/disk', { ...calls, writable: true })
    try {
      return work(disk)
    } finally {
      disk.close()
    }
  }
  const content = (): Buffer =>
    use((disk) => {
      const bytes = Buffer.alloc(disk.size)
      disk.readAt(0, bytes)
      return bytes
    })
  return { files, platform, engine, read, use, content, calls }
}

describe('compact in place', () => {
  it('reads once more only what was not given back when it goes on after it was cancelled', () => {
    const { engine, use, read, content } = bench(64 * MIB)
    use((disk) => {
      disk.writeAt(0, new Uint8Array(48 * MIB))
      disk.writeAt(48 * MIB, new Random(3).bytes(MIB))
    })
    const before = content()
    let stops = 0
    for (let run = 0; run < 2; run++) {
      read.bytes = 0
      const job = cancelledAt(12)
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'in-place' }, { ...context, job }))).toBe('CANCELLED')
      stops += read.bytes
    }
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
    read.bytes = 0
    const { zeros } = engine.compact({ path: '/disk', how: 'in-place' }, context)
    expect(zeros).toBeGreaterThan(0)
    expect(zeros).toBeLessThan(48 * MIB)
    // All runs together read the data once, and the image's structure a few times.
    expect(stops + read.bytes).toBeLessThan(49 * MIB + 4 * MIB)
    expect(content().equals(before)).toBe(true)
  })

  it('leaves to a snapshot what it holds, and takes it when the snapshot is gone', () => {
    const { engine, use } = bench(8 * MIB)
    use((disk) => disk.writeAt(0, new Uint8Array(4 * MIB)))
    engine.snapshot({ path: '/disk', action: { do: 'create', name: 'first' } }, context)
    use((disk) => disk.writeAt(4 * MIB, new Uint8Array(MIB)))
    expect(engine.compact({ path: '/disk', how: 'in-place', dryRun: true }, context)).toMatchObject({ zeros: MIB })
    expect(engine.compact({ path: '/disk', how: 'in-place' }, context)).toMatchObject({ zeros: MIB })
    engine.snapshot({ path: '/disk', action: { do: 'delete', snapshot: 'first' } }, context)
    expect(engine.compact({ path: '/disk', how: 'in-place' }, context)).toMatchObject({ zeros: 4 * MIB })
  })

  it('marks nothing in a bitmap: the disk reads as before', () => {
    const { engine, use, platform } = bench(8 * MIB)
    use((disk) => disk.writeAt(0, new Uint8Array(4 * MIB)))
    engine.bitmap({ path: '/disk', name: 'backup', actions: [{ do: 'add' }] }, context)
    engine.compact({ path: '/disk', how: 'in-place' }, context)
    const disk = openDisk(platform, '/disk', context)
    expect([...disk.driver.bitmaps!.marked('backup')]).toEqual([])
    expect(disk.driver.bitmaps!.list()).toMatchObject([{ name: 'backup', flags: ['auto'] }])
    disk.close()
  })

  it('gives back lost clusters', () => {
    const { engine, use, platform } = bench(8 * MIB)
    use((disk) => disk.writeAt(0, new Random(1).bytes(MIB)))
    // Reserved and never published, as a crash leaves it; the flush counts it.
    use((disk) => {
      const lease = disk.driver.writer!.reserve(4 * MIB, MIB)
      lease.storage.writeAt(lease.at, new Uint8Array(lease.length))
      disk.driver.writer!.flush()
    })
    expect(engine.check({ path: '/disk' }, context).leaks).toBe(16)
    engine.compact({ path: '/disk', how: 'in-place' }, context)
    expect(engine.check({ path: '/disk' }, context)).toMatchObject({ leaks: 0, corruptions: 0 })
    expect(platform.files.facts('/disk')!.size).toBeLessThan(2 * MIB)
  })

  it('looks for zeros in the plain bytes of an encrypted disk, and needs its passphrase', { timeout: 30_000 }, () => {
    const secrets = { '/disk': new TextEncoder().encode('open sesame'), key: new TextEncoder().encode('open sesame') }
    for (const extendedL2 of [false, true]) {
      const copy = () => Object.fromEntries(Object.entries(secrets).map(([name, bytes]) => [name, bytes.slice()]))
      const { engine, use, content, calls } = bench(
        4 * MIB,
        { extendedL2, encrypt: { format: 'luks', secret: 'key', iterTime: 10 } },
        copy(),
      )
      use((disk) => {
        disk.writeAt(0, new Random(2).bytes(MIB))
        disk.writeAt(MIB, new Uint8Array(MIB))
        disk.writeAt(3 * CLUSTER, new Uint8Array(CLUSTER / 2))
      })
      const before = content()
      const done = engine.compact({ path: '/disk', how: 'in-place' }, calls)
      expect(done.zeros).toBe(extendedL2 ? MIB + CLUSTER / 2 : MIB)
      expect(done.before - done.after).toBe(extendedL2 ? MIB + CLUSTER / 2 : MIB)
      expect(content().equals(before)).toBe(true)
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'in-place' }, context))).toBe('NO_PASSPHRASE')
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'rewrite' }, calls))).toBe('UNSUPPORTED')
    }
  })

  it('keeps its hands off an image that is damaged', () => {
    const { engine, use, platform } = bench(8 * MIB)
    use((disk) => disk.writeAt(0, new Random(1).bytes(MIB)))
    const storage = platform.files.open('/disk', true)
    // Reference counts of zero for clusters in use: the first block lies in cluster 2.
    storage.writeAt(2 * CLUSTER + 12, new Uint8Array(8))
    storage.close()
    const bytes = (): Buffer => {
      const storage = platform.files.open('/disk', false)
      const all = Buffer.alloc(storage.size)
      storage.readAt(0, all)
      return all
    }
    const before = bytes()
    for (const dryRun of [true, false])
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'in-place', dryRun }, context))).toBe('CORRUPT')
    expect(bytes().equals(before)).toBe(true)
  })

  it('over a backing file in version 2, gives back only what is zeros there too', () => {
    const { engine, platform } = bench(8 * MIB)
    engine.create({ path: '/base', format: 'raw', size: 2 * MIB, overwrite: false }, context)
    const base = openDisk(platform, '/base', { ...context, writable: true })
    base.writeAt(0, new Random(1).bytes(MIB))
    base.close()
    const backing = { name: 'base', format: 'raw' }
    engine.create({ path: '/top', format: 'qcow2', size: 4 * MIB, backing, qcow2: { compat: '0.10' }, overwrite: false }, context)
    const top = openDisk(platform, '/top', { ...context, writable: true })
    top.writeAt(0, new Uint8Array(3 * MIB))
    top.close()
    expect(engine.compact({ path: '/top', how: 'in-place' }, context)).toMatchObject({ zeros: 2 * MIB })
    const bytes = Buffer.alloc(4 * MIB)
    const now = openDisk(platform, '/top', context)
    now.readAt(0, bytes)
    now.close()
    expect(bytes.every((byte) => byte === 0)).toBe(true)
  })

  it('compacts the top of a broken chain where what lies below has no say', () => {
    const { engine, platform } = bench(8 * MIB)
    const backing = { name: 'gone', format: 'raw', unopened: true }
    engine.create({ path: '/top', format: 'qcow2', size: MIB, backing, overwrite: false }, context)
    engine.create({ path: '/gone', format: 'raw', size: MIB, overwrite: false }, context)
    const top = openDisk(platform, '/top', { ...context, writable: true })
    top.writeAt(0, new Uint8Array(MIB / 2))
    top.close()
    platform.files.remove('/gone')
    expect(engine.compact({ path: '/top', how: 'in-place' }, context)).toMatchObject({ zeros: MIB / 2 })
  })
})

// Where the system has no holes in files, there is nothing to see.
describe.skipIf(!sparseCalls())('on a real file system', () => {
  const platform = { files: nodeFileSystem, ...native }
  const engine = createEngine(undefined, platform)

  it('makes holes of the zeros of a raw disk, whose length stays', () => {
    const path = join(scratchFolder(), 'disk.raw')
    engine.create({ path, format: 'raw', size: 4 * MIB, overwrite: false }, context)
    const disk = openDisk(platform, path, { ...context, writable: true })
    disk.writeAt(0, new Uint8Array(3 * MIB))
    disk.writeAt(MIB, Uint8Array.of(1))
    disk.close()
    const told = engine.compact({ path, how: 'in-place', dryRun: true }, context)
    const done = engine.compact({ path, how: 'in-place' }, context)
    expect(done).toMatchObject({ zeros: 3 * MIB - 4096, before: told.before, after: told.after })
    expect(done.after).toBeLessThan(64 * 1024)
    expect(statSync(path).size).toBe(4 * MIB)
    expect(engine.compact({ path, how: 'in-place' }, context)).toMatchObject({ zeros: 0 })
  })

  it('cuts off the end of the file and makes holes of what is free inside it', () => {
    const path = join(scratchFolder(), 'disk.qcow2')
    engine.create({ path, format: 'qcow2', size: 16 * MIB, overwrite: false }, context)
    const disk = openDisk(platform, path, { ...context, writable: true, tuning: { punch: new Set() } })
    disk.writeAt(0, new Random(1).bytes(12 * MIB))
    disk.zeroAt(2 * MIB, 4 * MIB)
    disk.zeroAt(8 * MIB, 4 * MIB)
    disk.close()
    const told = engine.compact({ path, how: 'in-place', dryRun: true }, context)
    const done = engine.compact({ path, how: 'in-place' }, context)
    expect(done.zeros).toBe(0)
    expect(done.before - done.after).toBeGreaterThan(7.5 * MIB)
    expect(Math.abs(done.after - told.after)).toBeLessThan(64 * 1024)
    expect(statSync(path).size).toBeLessThan(9 * MIB)
    expect(engine.check({ path }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
  })
})

describe('compact by a rewrite', () => {
  it('keeps the persistent bitmaps, and the file where anything goes wrong', () => {
    const { engine, use, files, platform } = bench(8 * MIB)
    engine.bitmap({ path: '/disk', name: 'backup', actions: [{ do: 'add' }] }, context)
    use((disk) => disk.writeAt(0, new Random(1).bytes(MIB)))
    use((disk) => disk.writeAt(4 * MIB, new Uint8Array(MIB)))
    const marks = () => use((disk) => [...disk.driver.bitmaps!.marked('backup')])
    const before = marks()
    expect(before.length).toBeGreaterThan(0)
    for (let n = 1; n < 4; n++) {
      const job = cancelledAt(n)
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'rewrite' }, { ...context, job }))).toBe('CANCELLED')
      expect(files.paths).toEqual(['/disk'])
    }
    expect(engine.compact({ path: '/disk', how: 'rewrite' }, context)).toMatchObject({ zeros: MIB })
    expect(marks()).toEqual(before)
    const [info] = engine.info({ path: '/disk' }, context).layers
    expect(info?.qcow2?.bitmaps).toMatchObject([{ name: 'backup', flags: ['auto'] }])
    expect(platform.files.facts('/disk')!.size).toBeLessThan(2 * MIB)
  })

  it('says beforehand, from a sample, what compressing would win', () => {
    const { engine, use } = bench(32 * MIB)
    use((disk) => {
      for (let at = 0; at < 16 * MIB; at += CLUSTER) disk.writeAt(at, new Random(at + 1).text(CLUSTER))
      disk.writeAt(16 * MIB, new Uint8Array(8 * MIB))
    })
    const told = engine.compact({ path: '/disk', how: 'rewrite', compress: true, dryRun: true }, context)
    const plain = engine.compact({ path: '/disk', how: 'rewrite', dryRun: true }, context)
    const done = engine.compact({ path: '/disk', how: 'rewrite', compress: true }, context)
    expect(told.before).toBe(done.before)
    expect(done.zeros).toBe(8 * MIB)
    expect(Math.abs(told.zeros - done.zeros)).toBeLessThan(MIB)
    expect(told.after).toBeLessThan(plain.after / 4)
    expect(done.after).toBeLessThan(plain.after / 4)
  })

  it('refuses what it would lose', () => {
    const { engine, use } = bench(8 * MIB)
    use((disk) => disk.driver.snapshots!.create({ name: 'first', dateSeconds: 1, dateNanoseconds: 0 }, unwatched))
    for (const dryRun of [true, false])
      expect(codeOf(() => engine.compact({ path: '/disk', how: 'rewrite', dryRun }, context))).toBe('UNSUPPORTED')
    engine.create({ path: '/raw', format: 'raw', size: MIB, overwrite: false }, context)
    expect(codeOf(() => engine.compact({ path: '/raw', how: 'rewrite', compress: true }, context))).toBe('UNSUPPORTED')
    expect(codeOf(() => engine.compact({ path: '/raw', how: 'in-place', compress: true }, context))).toBe('INVALID_ARGUMENT')
    engine.create({ path: '/data', format: 'qcow2', size: MIB, qcow2: { dataFile: 'bytes' }, overwrite: false }, context)
    expect(codeOf(() => engine.compact({ path: '/data', how: 'rewrite' }, context))).toBe('UNSUPPORTED')
  })

  it('makes a raw disk sparse without a change of its length', () => {
    const { engine, platform } = bench(8 * MIB)
    engine.create({ path: '/raw', format: 'raw', size: MIB, overwrite: false }, context)
    const storage = platform.files.open('/raw', true)
    storage.writeAt(0, new Uint8Array(MIB + 100))
    storage.writeAt(5000, Uint8Array.of(7))
    storage.close()
    expect(engine.compact({ path: '/raw', how: 'rewrite' }, context).after).toBe(4096)
    expect(platform.files.facts('/raw')!.size).toBe(MIB + 100)
  })
})
