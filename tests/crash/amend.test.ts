import { describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS, type CreateOptions } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { raw } from '../../src/engine/formats/raw/index.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import type { Storage } from '../../src/engine/io/storage.ts'
import { TraceStorage } from '../../src/engine/io/trace.ts'
import { portable } from '../fixtures/platform.ts'
import { powerCuts } from '../fixtures/power-cuts.ts'
import { Random } from '../fixtures/random.ts'

const CLUSTER = 512
const SIZE = CLUSTER * 150

const base = new MemoryStorage('base')
base.writeAt(0, new Random(5).bytes(SIZE))

function below(): Disk {
  return new Disk('base', raw.open({ storage: base, ...portable, writable: false }))
}

function open(storage: Storage, writable: boolean): Disk {
  const driver = qcow2.open({ storage, ...portable, writable })
  return driver.backing ? new Disk('image', driver, below()) : new Disk('image', driver)
}

/** An image with every kind of cluster in it. */
function worked(options: Partial<CreateOptions>, backing: boolean): MemoryStorage {
  const storage = new MemoryStorage('image')
  const all = { ...DEFAULT_OPTIONS, clusterSize: CLUSTER, ...options }
  const random = new Random(77)
  const lower = backing ? { backing: { name: 'base', format: 'raw' } } : {}
  qcow2.create({ storage, ...portable, size: SIZE, options: all, ...lower }).close()
  const disk = open(storage, true)
  for (let at = 0; at + CLUSTER <= SIZE; at += CLUSTER) {
    const kind = random.below(5)
    const packed = kind === 0 ? portable.codecs.deflate.pack(random.text(CLUSTER)) : undefined
    if (packed) disk.writePacked(at, packed)
    else if (kind === 1) disk.writeAt(at, random.bytes(CLUSTER))
    else if (kind === 2) disk.zeroAt(at, CLUSTER)
    else if (kind === 3) {
      disk.writeAt(at, random.bytes(CLUSTER))
      disk.zeroAt(at, CLUSTER)
    }
  }
  disk.driver.close()
  return storage
}

function contentOf(storage: Storage): Buffer {
  const disk = open(storage, false)
  const bytes = Buffer.alloc(Math.min(SIZE, disk.size))
  disk.readAt(0, bytes)
  return bytes
}

function assertWhole(image: MemoryStorage, expected: Buffer, what: string): { leaks: number } {
  const driver = qcow2.open({ storage: image, ...portable, writable: false })
  const { corruptions, checkErrors, leaks, findings } = driver.check!.check(unwatched)
  expect({ corruptions, checkErrors, findings: corruptions > 0 ? findings : [] }, what).toEqual({
    corruptions: 0,
    checkErrors: 0,
    findings: [],
  })
  const content = contentOf(image)
  expect(Buffer.compare(content, expected.subarray(0, content.length)), `${what}: the content`).toBe(0)
  return { leaks }
}

describe('A power cut while an image is amended', () => {
  const amendments = [
    { name: 'compat 1.1', options: { compat: '0.10' }, changes: { compat: '1.1' } },
    { name: 'compat 0.10', options: {}, changes: { compat: '0.10' } },
    { name: 'lazy counts', options: {}, changes: { lazyRefcounts: true } },
    { name: 'no lazy counts', options: { lazyRefcounts: true }, changes: { lazyRefcounts: false } },
    { name: 'counts of 1 bit', options: {}, changes: { refcountBits: 1 } },
    { name: 'counts of 64 bits', options: { refcountBits: 2 }, changes: { refcountBits: 64 } },
    {
      name: 'version 3 and counts of 8 bits',
      options: { compat: '0.10' },
      changes: { compat: '1.1', refcountBits: 8, lazyRefcounts: true },
    },
    {
      name: 'version 2 and counts of 16 bits',
      options: { refcountBits: 4, lazyRefcounts: true },
      changes: { compat: '0.10', refcountBits: 16 },
    },
  ] as const
  it.each(amendments.flatMap((test) => [false, true].map((backing) => ({ ...test, backing }))))(
    'leaves it whole: $name, backing file $backing',
    ({ options, changes, backing }) => {
      const image = worked(options, backing)
      const content = contentOf(image)
      const traced = new TraceStorage(image.clone())
      const disk = open(traced, true)
      // A packed cluster is counted as often as it is touched by streams: there narrow counts can't hold it.
      const narrow = 'refcountBits' in changes && changes.refcountBits === 1
      if (narrow)
        for (let at = 0; at < SIZE; at += CLUSTER)
          if (disk.driver.locate(at, 1).kind === 'packed') disk.writeAt(at, content.subarray(at, at + CLUSTER))
      disk.flush()
      disk.driver.amend!.amend(changes, unwatched)
      disk.driver.close()
      for (const { image: left, name } of powerCuts(traced, 3)) {
        const dirty = (left.size > 0 && readBits(left) & 1) === 1
        if (!dirty) assertWhole(left, content, name)
        else expect(Buffer.compare(contentOf(left), content), `${name}: the content`).toBe(0)
      }
      const { leaks } = assertWhole(traced.afterCrash({ choose: () => true }), content, 'the end')
      expect(leaks).toBe(0)
      const { qcow2: details } = qcow2.open({ storage: traced, ...portable, writable: false }).describe()
      expect(details).toMatchObject(changes)
    },
    60_000,
  )

  it('leaves it whole: another backing file, with a longer name and a format', () => {
    const image = new MemoryStorage('image')
    qcow2.create({ storage: image, ...portable, size: SIZE, options: { ...DEFAULT_OPTIONS, clusterSize: 4096 } }).close()
    const traced = new TraceStorage(image)
    const driver = qcow2.open({ storage: traced, ...portable, writable: true })
    driver.amend!.amend({ backing: { name: 'b'.repeat(900), format: 'qcow2' } }, unwatched)
    driver.amend!.amend({ backing: { name: 'short' } }, unwatched)
    driver.amend!.amend({ backing: null }, unwatched)
    driver.close()
    const seen = new Set<string>()
    for (const { image: left, name } of powerCuts(traced, 9)) {
      const { backing } = qcow2.open({ storage: left, ...portable, writable: false })
      seen.add(`${backing?.name.length ?? 'none'} ${backing?.format ?? ''}`)
      expect(['none ', '900 qcow2', '5 '], name).toContain(`${backing?.name.length ?? 'none'} ${backing?.format ?? ''}`)
    }
    expect(seen.size).toBe(3)
  })
})

describe('A power cut while a disk is made smaller', () => {
  it.each([{ compat: '0.10' }, { compat: '1.1' }, { lazyRefcounts: true }] as const)(
    'leaves the old size or the new, and no more than leaks (%o)',
    (options) => {
      const image = worked(options, false)
      const content = contentOf(image)
      const traced = new TraceStorage(image.clone())
      const disk = open(traced, true)
      const size = CLUSTER * 37
      disk.shrink(size, unwatched)
      disk.driver.close()
      const sizes = new Set<number>()
      for (const { image: left, name } of powerCuts(traced, 4)) {
        const disk = open(left, false)
        sizes.add(disk.size)
        if ((readBits(left) & 1) === 0) assertWhole(left, content, name)
      }
      expect([...sizes].sort((a, b) => a - b)).toEqual([size, SIZE])
      const end = traced.afterCrash({ choose: () => true })
      expect(assertWhole(end, content, 'the end').leaks).toBe(0)
      expect(end.size, 'the tail of the file is given back').toBeLessThan(image.size)
      const grown = open(end, true)
      grown.grow(SIZE, 'off')
      const again = Buffer.alloc(SIZE)
      grown.readAt(0, again)
      expect(Buffer.compare(again.subarray(0, size), content.subarray(0, size))).toBe(0)
      expect(
        again.subarray(size).every((byte) => byte === 0),
        'what was cut off is gone',
      ).toBe(true)
    },
  )
})

/** The lowest bits of the incompatible features of a version 3 image, 0 for version 2. */
function readBits(image: MemoryStorage): number {
  const head = new Uint8Array(80)
  image.readAt(0, head)
  return head[7] === 3 ? head[79]! : 0
}
