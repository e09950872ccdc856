import { describe, expect, it } from 'vitest'
import { unwatched } from '../../../../../src/engine/base/job.ts'
import { Disk } from '../../../../../src/engine/device/disk.ts'
import { qcow2 } from '../../../../../src/engine/formats/qcow2/index.ts'
import { type CreateOptions, DEFAULT_OPTIONS } from '../../../../../src/engine/formats/options.ts'
import { raw } from '../../../../../src/engine/formats/raw/index.ts'
import { MemoryStorage } from '../../../../../src/engine/io/memory.ts'
import type { Storage } from '../../../../../src/engine/io/storage.ts'
import { portable } from '../../../../fixtures/platform.ts'
import { Random } from '../../../../fixtures/random.ts'

const CLUSTER = 16384
const SIZE = CLUSTER * 8

function below(): Disk {
  const storage = new MemoryStorage('base')
  storage.writeAt(0, new Uint8Array(SIZE).fill(0xbb))
  return new Disk('base', raw.open({ storage, ...portable, writable: false }))
}

function created(options: Partial<CreateOptions>, backing: boolean): { storage: MemoryStorage; disk: Disk } {
  const storage = new MemoryStorage('image')
  const lower = backing ? { backing: { name: 'base', format: 'raw' } } : {}
  const driver = qcow2.create({
    storage,
    ...portable,
    size: SIZE,
    options: { ...DEFAULT_OPTIONS, clusterSize: CLUSTER, ...options },
    ...lower,
  })
  return { storage, disk: backing ? new Disk('image', driver, below()) : new Disk('image', driver) }
}

/** One byte of each cluster, once a backing file full of 0xbb has been put below. */
function throughBacking(storage: Storage): number[] {
  const driver = qcow2.open({ storage, ...portable, writable: true })
  driver.amend!.amend({ backing: { name: 'base', format: 'raw' } }, unwatched)
  expect(driver.check!.check(unwatched)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
  const disk = new Disk('image', driver, below())
  const bytes = new Uint8Array(SIZE)
  disk.readAt(0, bytes)
  return Array.from({ length: SIZE / CLUSTER }, (_, i) => bytes[i * CLUSTER]!)
}

/** Clusters 0 to 3: data, packed, data that is zeroed, nothing; then what `change` makes of the four behind them, filled likewise. */
function worked(disk: Disk, change: (at: number, length: number) => void): void {
  for (const first of [0, 4]) {
    disk.writeAt(first * CLUSTER, new Uint8Array(CLUSTER).fill(1))
    disk.writePacked((first + 1) * CLUSTER, disk.driver.codec!.pack(new Random(1).text(CLUSTER).fill(2))!)
    disk.writeAt((first + 2) * CLUSTER, new Uint8Array(CLUSTER).fill(3))
    disk.zeroAt((first + 2) * CLUSTER, CLUSTER)
  }
  change(4 * CLUSTER, 4 * CLUSTER)
  disk.close()
}

describe('zeros in an image that stands on nothing', () => {
  it.each([{ compat: '1.1' }, { compat: '0.10' }, { extendedL2: true }] as const)(
    'stay zeros when a backing file is put below it (%o)',
    (options) => {
      const { storage, disk } = created(options, false)
      worked(disk, (at, length) => disk.zeroAt(at, length))
      expect(throughBacking(storage)).toEqual([1, 2, 0, 0xbb, 0, 0, 0, 0])
    },
  )

  it.each([{ compat: '1.1' }, { extendedL2: true }] as const)(
    'so does what was given back, but not what was never written (%o)',
    (options) => {
      const { storage, disk } = created(options, false)
      worked(disk, (at, length) => disk.discardAt(at, length))
      expect(throughBacking(storage)).toEqual([1, 2, 0, 0xbb, 0, 0, 0, 0xbb])
    },
  )

  it('cost no room, and version 2 gives room back only when that is asked for', () => {
    const sizes = (['1.1', '0.10'] as const).map((compat) => {
      const { storage, disk } = created({ compat }, false)
      worked(disk, (at, length) => disk.discardAt(at, length))
      const { allocatedClusters } = qcow2.open({ storage, ...portable, writable: false }).check!.check(unwatched)
      return allocatedClusters
    })
    expect(sizes).toEqual([2, 3])
  })
})

describe('an image that is emptied', () => {
  it.each([{ compat: '1.1' }, { compat: '0.10' }, { extendedL2: true }, { lazyRefcounts: true }] as const)(
    'reads as what lies below, holds nothing, and keeps its snapshots (%o)',
    (options) => {
      const { storage, disk } = created(options, true)
      disk.writeAt(0, new Uint8Array(2 * CLUSTER).fill(1))
      disk.driver.snapshots!.create({ name: 'kept', dateSeconds: 0, dateNanoseconds: 0 }, unwatched)
      disk.driver.vmState!.resize!.grow(600, 'off', 0, unwatched)
      new Disk('state', disk.driver.vmState!).writeAt(0, new Uint8Array(600).fill(5))
      disk.writeAt(CLUSTER + 512, new Uint8Array(1024).fill(2))
      disk.writePacked(2 * CLUSTER, disk.driver.codec!.pack(new Uint8Array(CLUSTER).fill(3))!)
      disk.zeroAt(3 * CLUSTER, CLUSTER)
      disk.driver.writer!.empty!(unwatched)
      expect([...disk.runs(0, SIZE)]).toEqual([{ at: 0, length: SIZE, kind: 'data', depth: 1 }])
      disk.close()

      const driver = qcow2.open({ storage, ...portable, writable: false })
      expect(driver.check!.check(unwatched)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
      const state = new Uint8Array(600)
      new Disk('state', driver.vmState!).readAt(0, state)
      expect(state.every((byte) => byte === 5)).toBe(true)
      const kept = new Disk('kept', driver.snapshots!.open('kept'), below())
      const bytes = new Uint8Array(3 * CLUSTER)
      kept.readAt(0, bytes)
      expect([bytes[0], bytes[CLUSTER + 512], bytes[2 * CLUSTER]]).toEqual([1, 1, 0xbb])
    },
  )
})
