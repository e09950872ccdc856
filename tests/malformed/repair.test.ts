import { describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/shared/model.ts'
import type { RepairScope } from '../../src/shared/requests.ts'
import { StrataError } from '../../src/shared/errors.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { createEngine } from '../../src/engine/index.ts'
import { FaultPlan, FaultStorage } from '../../src/engine/io/fault.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { wrapSystem } from '../../src/engine/io/wrapped-system.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'
import { codeOf } from '../fixtures/thrown.ts'

const context = { gate: { kind: 'follow' }, job: unwatched } as const
const CLUSTER = 4096
const SIZE = CLUSTER * 64
const DATA = new Random(1).bytes(CLUSTER * 20)

interface Made {
  files: MemorySystem
  platform: { files: MemorySystem } & typeof portable
  l1: number
  l2: number
  table: number
  block: number
  write(at: number, bytes: Uint8Array | number[]): void
  u64(at: number): bigint
  bytes(): Uint8Array
  check(repair?: RepairScope, dryRun?: boolean): CheckReport
  /** whether the disk reads as it was written */
  reads(): boolean
}

/** A disk with data at its start. */
function disk(refcountBits = 16): Made {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER, refcountBits }, overwrite: false }, context)
  const opened = openDisk(platform, '/disk', { gate: context.gate, writable: true })
  opened.writeAt(0, DATA)
  opened.close()
  const storage = files.open('/disk', true)
  const u64 = (at: number): bigint => {
    const bytes = new Uint8Array(8)
    storage.readAt(at, bytes)
    return new DataView(bytes.buffer).getBigUint64(0)
  }
  const place = (at: number): number => Number(u64(at) & 0x00fffffffffffe00n)
  const [l1, table] = [place(40), place(48)]
  return {
    ...{ files, platform, l1, table, u64 },
    l2: place(l1),
    block: place(table),
    write: (at, bytes) => storage.writeAt(at, Uint8Array.from(bytes)),
    bytes() {
      const all = new Uint8Array(storage.size)
      storage.readAt(0, all)
      return all
    },
    check: (repair, dryRun) => engine.check({ path: '/disk', ...(repair && { repair }), ...(dryRun && { dryRun }) }, context),
    reads() {
      const reader = openDisk(platform, '/disk', { gate: context.gate })
      const bytes = new Uint8Array(DATA.length)
      reader.readAt(0, bytes)
      reader.close()
      return Buffer.compare(bytes, DATA) === 0
    },
  }
}

const word = (value: bigint): number[] => Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(56 - i * 8)) & 255n))
const CLEAN = { corruptions: 0, leaks: 0, checkErrors: 0, findings: [] }
const DIRTY = 1n
const CORRUPT = 2n

describe('a repair', () => {
  it('of leaks lowers counts, gives the room back, and touches nothing else', () => {
    const image = disk()
    image.write(102 * CLUSTER - 1, [7])
    image.write(image.block + 100 * 2, [0, 1, 0, 5])
    image.write(image.block + 8 * 2, [0, 2])
    const report = image.check('leaks')
    expect(report).toMatchObject({ ...CLEAN, leaksFixed: 3, corruptionsFixed: 0 })
    expect(report.repairs?.map(({ kind }) => kind)).toContain('leak')
    expect(image.reads()).toBe(true)
    expect(image.check()).toMatchObject(CLEAN)
  })

  it('of leaks leaves counts that are too low, and says so', () => {
    const image = disk()
    image.write(image.block + 8 * 2, [0, 0])
    const before = image.bytes()
    const report = image.check('leaks')
    expect(report.corruptions).toBeGreaterThan(0)
    expect(report).toMatchObject({ leaksFixed: 0, corruptionsFixed: 0, repairs: [] })
    expect(Buffer.compare(image.bytes(), before)).toBe(0)
  })

  it('that is only tried says the same, and changes nothing', () => {
    const image = disk()
    image.write(image.block, new Array<number>(64).fill(0))
    image.write(image.l2, word(0x3f00000000000200n))
    image.write(image.table, word(1n << 50n))
    const before = image.bytes()
    const found = image.check()
    const tried = image.check('all', true)
    expect(Buffer.compare(image.bytes(), before)).toBe(0)
    expect(tried).toMatchObject(CLEAN)
    expect(tried.corruptionsFixed).toBeGreaterThan(0)
    expect(found.corruptions).toBeGreaterThan(0)
    expect(image.check('all')).toEqual(tried)
    expect(image.check()).toMatchObject(CLEAN)
  })

  it.each([
    ['no refcount table', (image: Made) => image.write(56, [0, 0, 0, 0])],
    ['a refcount table past the end of the file', (image: Made) => image.write(48, word(1n << 40n))],
    ['a refcount block that is the L2 table', (image: Made) => image.write(image.table, word(BigInt(image.l2)))],
    ['a refcount block between clusters', (image: Made) => image.write(image.table, word(BigInt(image.block + 512)))],
    ['counts of zero everywhere', (image: Made) => image.write(image.block, new Array<number>(CLUSTER).fill(0))],
  ] as const)('writes the counts anew for an image with %s', (_what, damage) => {
    const image = disk()
    damage(image)
    expect(image.check('all')).toMatchObject(CLEAN)
    expect(image.check()).toMatchObject(CLEAN)
    expect(image.reads()).toBe(true)
    // It is as good as new: what is written now goes into free clusters.
    const opened = openDisk(image.platform, '/disk', { gate: context.gate, writable: true })
    opened.writeAt(SIZE / 2, DATA)
    opened.close()
    expect(image.check()).toMatchObject(CLEAN)
    expect(image.reads()).toBe(true)
  })

  it('widens the counts where a cluster has more users than they can tell', () => {
    const image = disk(1)
    image.write(image.l2 + 8, word(image.u64(image.l2)))
    const report = image.check('all')
    expect(report).toMatchObject(CLEAN)
    const { layers } = createEngine(undefined, image.platform).info({ path: '/disk' }, context)
    expect(layers[0]?.qcow2?.refcountBits).toBe(2)
  })

  it('takes the marks of an unclean end and of damage away, if nothing is left to mend', () => {
    const image = disk()
    image.write(72, word(DIRTY | CORRUPT))
    expect(image.check('all')).toMatchObject({ ...CLEAN, corruptionsFixed: 0, leaksFixed: 0 })
    expect(image.u64(72)).toBe(0n)
  })

  it('leaves the marks where something is left to mend', () => {
    const image = disk()
    image.write(72, word(CORRUPT))
    image.write(image.block + 8 * 2, [0, 0])
    image.check('leaks')
    expect(image.u64(72)).toBe(CORRUPT)
  })

  it('clears autoclear features that it does not know', () => {
    const image = disk()
    image.write(88, word(1n << 40n))
    image.write(image.block + 8 * 2, [0, 2])
    expect(image.check('leaks')).toMatchObject({ ...CLEAN, leaksFixed: 1 })
    expect(image.u64(88)).toBe(0n)
  })

  it('of leaks that meets a data file said to be raw, where there is none, tells no more than what is left', () => {
    const image = disk()
    image.write(88, word(2n))
    image.write(image.block + 8 * 2, [0, 0])
    const left = image.check('leaks')
    expect(left).toMatchObject({ corruptions: 2, corruptionsFixed: 1 })
    expect(image.check()).toMatchObject({ corruptions: left.corruptions, leaks: left.leaks })
  })

  it('drops snapshots that are nowhere, and completes those that are', () => {
    const image = disk()
    const end = BigInt(Math.ceil(image.bytes().length / CLUSTER) * CLUSTER)
    // Two rows: one sound but without the extra data of version 3, one whose L1 table lies between clusters.
    const row = (l1: bigint, id: number): number[] => [
      ...word(l1),
      0,
      0,
      0,
      1,
      0,
      1,
      0,
      1,
      ...new Array<number>(24).fill(0),
      id,
      id,
      ...new Array<number>(6).fill(0),
    ]
    image.write(Number(end), [...word(image.u64(image.l1) & ~(1n << 63n)), ...new Array<number>(CLUSTER - 8).fill(0)])
    image.write(Number(end) + CLUSTER, [...row(end, 0x31), ...row(end + 512n, 0x32), ...new Array<number>(CLUSTER - 96).fill(0)])
    image.write(60, [0, 0, 0, 2, ...word(end + BigInt(CLUSTER))])
    expect(image.check('all')).toMatchObject(CLEAN)
    const { layers } = createEngine(undefined, image.platform).info({ path: '/disk' }, context)
    expect(layers[0]?.snapshots).toMatchObject([{ id: '1', name: '1', diskSize: SIZE }])
    expect(image.reads()).toBe(true)
  })

  it('that is stopped at any checkpoint, or whose file fails at any call, leaves what can be read', () => {
    for (let nth = 1; ; nth++) {
      const image = disk()
      image.write(image.block, new Array<number>(64).fill(0))
      image.write(image.l2 + 30 * 8, word(0x3f00000000000200n))
      image.write(image.l1 + 8, word((1n << 63n) | BigInt(image.block)))
      let seen = 0
      const job = {
        checkpoint() {
          if (++seen === nth) throw new StrataError('CANCELLED', 'stopped')
        },
        report() {},
      }
      const plan = new FaultPlan({ nth, gone: true })
      const files = wrapSystem(image.files, (storage) => new FaultStorage(storage, plan))
      const ways = [
        () => createEngine(undefined, image.platform).check({ path: '/disk', repair: 'all' }, { ...context, job }),
        () => createEngine(undefined, { ...image.platform, files }).check({ path: '/disk', repair: 'all' }, context),
      ]
      const ends = ways.map(codeOf)
      expect(image.reads()).toBe(true)
      expect(image.check('all')).toMatchObject(CLEAN)
      expect(image.reads()).toBe(true)
      if (ends.every((code) => code === 'none')) {
        expect(nth).toBeGreaterThan(10)
        return
      }
    }
  })
})

describe('an image that was not closed cleanly', () => {
  it('is mended when it is opened for writing, and not when it is read', () => {
    const image = disk()
    image.write(72, word(DIRTY))
    image.write(image.block + 8 * 2, [0, 0, 0, 0])
    expect(image.reads()).toBe(true)
    expect(image.u64(72)).toBe(DIRTY)
    const opened = openDisk(image.platform, '/disk', { gate: context.gate, writable: true })
    opened.writeAt(SIZE / 2, DATA)
    opened.close()
    expect(image.u64(72)).toBe(0n)
    expect(image.check()).toMatchObject(CLEAN)
    expect(image.reads()).toBe(true)
  })

  it('and is marked as damaged is not written, until it is mended', () => {
    const image = disk()
    image.write(72, word(DIRTY | CORRUPT))
    const before = image.bytes()
    expect(codeOf(() => openDisk(image.platform, '/disk', { gate: context.gate, writable: true }))).toBe('READ_ONLY')
    expect(Buffer.compare(image.bytes(), before)).toBe(0)
    image.check('all')
    openDisk(image.platform, '/disk', { gate: context.gate, writable: true }).close()
  })
})
