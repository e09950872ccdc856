import { describe, expect, it } from 'vitest'
import { unwatched } from '../../../../../src/engine/base/job.ts'
import { Disk } from '../../../../../src/engine/device/disk.ts'
import { openDisk, type OpenOptions } from '../../../../../src/engine/device/open.ts'
import type { SnapshotFacet } from '../../../../../src/engine/formats/driver.ts'
import { MemorySystem } from '../../../../../src/engine/io/memory-system.ts'
import { check } from '../../../../../src/engine/operations/check.ts'
import { create } from '../../../../../src/engine/operations/create.ts'
import { StrataError } from '../../../../../src/shared/errors.ts'
import type { Qcow2Options } from '../../../../../src/shared/model.ts'
import { portable } from '../../../../fixtures/platform.ts'
import { Random } from '../../../../fixtures/random.ts'
import { thrown } from '../../../../fixtures/thrown.ts'

const gate = { kind: 'follow' } as const
const CLUSTER = 4096
const SIZE = CLUSTER * 40
const label = (name: string) => ({ name, dateSeconds: 1_700_000_000, dateNanoseconds: 5 })

function made(qcow2: Qcow2Options = {}) {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  create(
    platform,
    { path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER, ...qcow2 }, overwrite: false },
    { gate, job: unwatched },
    { staged() {}, settled() {} },
  )
  const open = (options: Partial<OpenOptions> = {}): Disk => openDisk(platform, '/disk', { gate, writable: true, ...options })
  return {
    files,
    open,
    /** Does something to the snapshots of the image, opened for it alone. */
    change<T>(run: (snapshots: SnapshotFacet, disk: Disk) => T): T {
      const disk = open()
      try {
        return run(disk.driver.snapshots!, disk)
      } finally {
        disk.close()
      }
    },
    check: () => check(platform, { path: '/disk' }, { gate, job: unwatched }),
    content: (options: Partial<OpenOptions> = {}) => {
      const disk = open({ writable: false, ...options })
      const bytes = all(disk)
      disk.close()
      return bytes
    },
    file: () => {
      const storage = files.open('/disk', false)
      const bytes = new Uint8Array(storage.size)
      storage.readAt(0, bytes)
      return Buffer.from(bytes)
    },
  }
}

function all(disk: Disk): Buffer {
  const bytes = Buffer.alloc(disk.size)
  disk.readAt(0, bytes)
  return bytes
}

const CLEAN = { corruptions: 0, leaks: 0, checkErrors: 0 }

describe('snapshots', () => {
  it('get the id after the highest, keep names and dates, and are found by id before name', () => {
    const image = made()
    image.change((snapshots) => {
      for (const name of ['a', '1', 'a']) snapshots.create(label(name), unwatched)
      expect(snapshots.list().map(({ id, name }) => `${id} ${name}`)).toEqual(['1 a', '2 1', '3 a'])
      snapshots.remove('1', unwatched)
      expect(snapshots.list().map(({ id }) => id)).toEqual(['2', '3'])
      snapshots.remove('1', unwatched)
      expect(snapshots.create(label('b'), unwatched)).toMatchObject({
        id: '4',
        dateSeconds: 1_700_000_000,
        dateNanoseconds: 5,
        diskSize: SIZE,
      })
    })
    expect(image.check()).toMatchObject(CLEAN)
  })

  it.each([
    { compat: '0.10' },
    { compat: '1.1' },
    { refcountBits: 4 },
    { refcountBits: 64 },
    { clusterSize: 16384, extendedL2: true },
    { lazyRefcounts: true },
  ] as const)('keep what the disk held, whatever is written since (%o)', (options) => {
    const image = made(options)
    const random = new Random(3)
    const states = new Map<string, Buffer>()
    for (let i = 0; i < 6; i++) {
      image.change((snapshots, disk) => {
        for (let n = 0; n < 8; n++) {
          const at = random.below(disk.size)
          const bytes = random.bytes(Math.min(disk.size - at, random.length(CLUSTER * 4)))
          if (random.below(4) === 0) disk.zeroAt(at, bytes.length)
          else disk.writeAt(at, bytes)
          if (random.below(4) === 0) disk.discardAt(at, bytes.length)
        }
        states.set(snapshots.create(label(`s${i}`), unwatched).id, all(disk))
      })
      expect(image.check()).toMatchObject(CLEAN)
    }
    for (const [id, bytes] of states) expect(image.content({ snapshot: id }).equals(bytes), `snapshot ${id}`).toBe(true)
    image.change((snapshots) => snapshots.apply('2', unwatched))
    expect(image.content().equals(states.get('2')!)).toBe(true)
    for (const id of ['1', '2', '4', '6', '3']) {
      image.change((snapshots) => snapshots.remove(id, unwatched))
      states.delete(id)
      expect(image.check()).toMatchObject(CLEAN)
      for (const [left, bytes] of states) expect(image.content({ snapshot: left }).equals(bytes)).toBe(true)
    }
    image.change((snapshots) => snapshots.remove('5', unwatched))
    expect(image.check()).toMatchObject(CLEAN)
  })

  it('give back what only they held', () => {
    const image = made()
    image.change((snapshots, disk) => {
      disk.writeAt(0, new Uint8Array(SIZE).fill(1))
      snapshots.create(label('a'), unwatched)
      disk.writeAt(0, new Uint8Array(SIZE).fill(2))
      disk.flush()
    })
    const before = image.file().length
    image.change((snapshots, disk) => {
      snapshots.remove('a', unwatched)
      disk.writeAt(0, new Uint8Array(SIZE).fill(3)) // in place again
    })
    expect(image.file().length).toBe(before)
    expect(image.check()).toMatchObject(CLEAN)
  })

  it('bring the size of the disk back, and are read at the size that it had', () => {
    const image = made()
    image.change((snapshots, disk) => {
      disk.writeAt(0, new Uint8Array(SIZE).fill(1))
      snapshots.create(label('small'), unwatched)
      disk.grow(SIZE * 3, 'off')
      disk.writeAt(SIZE, new Uint8Array(SIZE * 2).fill(2))
      snapshots.create(label('large'), unwatched)
      snapshots.apply('small', unwatched)
      expect(disk.size).toBe(SIZE)
      disk.grow(SIZE * 3, 'off')
      expect(
        all(disk)
          .subarray(SIZE)
          .every((byte) => byte === 0),
      ).toBe(true)
      snapshots.apply('large', unwatched)
      expect(
        all(disk)
          .subarray(SIZE)
          .every((byte) => byte === 2),
      ).toBe(true)
    })
    expect(image.content({ snapshot: 'small' }).length).toBe(SIZE)
    expect(image.check()).toMatchObject(CLEAN)
  })

  it('are renamed, with everything else in their row as it was, what nobody knows too', () => {
    const image = made()
    image.change((snapshots) => snapshots.create(label('old'), unwatched))
    const storage = image.files.open('/disk', true)
    const at = Number(image.file().readBigUInt64BE(64))
    // 30 bytes of extra data, of which the last six mean nothing to anybody: id and name move behind them.
    storage.writeAt(at + 36, Uint8Array.of(0, 0, 0, 30))
    storage.writeAt(at + 64, new TextEncoder().encode('future1old'))
    image.change((snapshots) => snapshots.rename('old', 'a new name'))
    const table = image.file().subarray(Number(image.file().readBigUInt64BE(64)))
    expect(table.subarray(64, 81).toString()).toBe('future1a new name')
    expect(image.change((snapshots) => snapshots.list())).toMatchObject([{ id: '1', name: 'a new name', diskSize: SIZE }])
    expect(image.check()).toMatchObject(CLEAN)
  })

  it.each([
    ['an id that is taken', {}, (s: SnapshotFacet) => s.create({ ...label('b'), id: '1' }, unwatched), 'EXISTS'],
    ['a name with a zero byte', {}, (s: SnapshotFacet) => s.create(label('a\0b'), unwatched), 'INVALID_ARGUMENT'],
    ['a name of 70000 bytes', {}, (s: SnapshotFacet) => s.create(label('n'.repeat(70000)), unwatched), 'INVALID_ARGUMENT'],
    ['a snapshot that is not there', {}, (s: SnapshotFacet) => s.apply('none', unwatched), 'NOT_FOUND'],
    [
      'counts of two bits, the fourth time',
      { refcountBits: 2 },
      (s: SnapshotFacet) => [2, 3, 4].map((n) => s.create(label(`${n}`), unwatched)),
      'UNSUPPORTED',
    ],
  ] as const)('refuse %s', (_what, options, run, code) => {
    const image = made(options)
    image.change((snapshots, disk) => {
      disk.writeAt(0, new Uint8Array(CLUSTER * 3).fill(1))
      snapshots.create(label('a'), unwatched)
      expect(thrown(() => run(snapshots))).toMatchObject({ code })
    })
    expect(
      image
        .content()
        .subarray(0, CLUSTER * 3)
        .every((byte) => byte === 1),
    ).toBe(true)
    expect(image.check()).toMatchObject(CLEAN)
  })

  it('are not made where counts have one bit, and nothing changes', () => {
    const image = made({ refcountBits: 1 })
    image.change((_snapshots, disk) => disk.writeAt(0, new Uint8Array(CLUSTER).fill(1)))
    const before = image.file()
    expect(thrown(() => image.change((snapshots) => snapshots.create(label('a'), unwatched)))).toMatchObject({
      code: 'UNSUPPORTED',
      where: { field: 'refcount_bits' },
    })
    expect(image.file().equals(before)).toBe(true)
  })

  it('are not made with an external data file', () => {
    const image = made({ dataFile: 'data.raw' })
    expect(thrown(() => image.change((snapshots) => snapshots.create(label('a'), unwatched)))).toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('are not changed in an image that is only read', () => {
    const image = made()
    const disk = image.open({ writable: false })
    expect(thrown(() => disk.driver.snapshots!.create(label('a'), unwatched))).toMatchObject({ code: 'READ_ONLY' })
    disk.close()
  })

  it('stopped while counts go up, leave the image as it was', () => {
    const image = made({ clusterSize: 512 })
    image.change((_snapshots, disk) => disk.writeAt(0, new Uint8Array(SIZE).fill(1)))
    let looks = 0
    const job = {
      checkpoint() {
        if (++looks > 2) throw new StrataError('CANCELLED', 'The job was cancelled')
      },
      report() {},
    }
    expect(thrown(() => image.change((snapshots) => snapshots.create(label('a'), job)))).toMatchObject({ code: 'CANCELLED' })
    expect(image.check()).toMatchObject(CLEAN)
    expect(image.change((snapshots) => snapshots.list())).toEqual([])
    expect(image.file()[79]).toBe(0)
  })
})

describe("a machine's state", () => {
  it('lies behind the disk, belongs to its snapshot, and comes back with it', () => {
    const image = made()
    const state = new Random(8).bytes(CLUSTER * 5 + 100)
    image.change((snapshots, disk) => {
      disk.writeAt(0, new Uint8Array(CLUSTER).fill(1))
      const vm = new Disk('state', disk.driver.vmState!)
      vm.grow(state.length, 'off')
      vm.writeAt(0, state)
      expect(snapshots.create({ ...label('running'), vmStateSize: state.length }, unwatched).vmStateSize).toBe(state.length)
      const now = new Uint8Array(state.length)
      vm.readAt(0, now)
      expect(
        now.every((byte) => byte === 0),
        'the state is in the snapshot alone',
      ).toBe(true)
    })
    expect(image.check()).toMatchObject(CLEAN)
    const kept = image.open({ writable: false, snapshot: 'running' })
    const bytes = new Uint8Array(state.length)
    new Disk('state', kept.driver.vmState!).readAt(0, bytes)
    kept.close()
    expect(Buffer.compare(bytes, state)).toBe(0)
    image.change((snapshots, disk) => {
      snapshots.apply('running', unwatched)
      new Disk('state', disk.driver.vmState!).readAt(0, bytes)
      expect(Buffer.compare(bytes, state)).toBe(0)
      // What lies behind the disk is not shown by growing it.
      disk.grow(SIZE * 100, 'off')
      expect(
        all(disk)
          .subarray(CLUSTER)
          .every((byte) => byte === 0),
      ).toBe(true)
    })
    expect(image.check()).toMatchObject(CLEAN)
    expect(image.content({ snapshot: 'running' }).length).toBe(SIZE)
  })
})
