import { describe, expect, it } from 'vitest'
import { openDisk, type OpenOptions } from '../../../../../src/engine/device/open.ts'
import { unwatched } from '../../../../../src/engine/base/job.ts'
import type { Disk } from '../../../../../src/engine/device/disk.ts'
import type { Qcow2Options } from '../../../../../src/shared/model.ts'
import { MemorySystem } from '../../../../../src/engine/io/memory-system.ts'
import { check } from '../../../../../src/engine/operations/check.ts'
import { create } from '../../../../../src/engine/operations/create.ts'
import { portable } from '../../../../fixtures/platform.ts'
import { thrown } from '../../../../fixtures/thrown.ts'

const gate = { kind: 'follow' } as const
const CLUSTER = 65536
const DIRTY = 1
const CORRUPT = 2

function made(qcow2: Qcow2Options = {}) {
  const platform = { files: new MemorySystem(), ...portable }
  create(
    platform,
    { path: '/disk', format: 'qcow2', size: CLUSTER * 64, qcow2, overwrite: false },
    { gate, job: unwatched },
    { staged() {}, settled() {} },
  )
  const storage = platform.files.open('/disk', true)
  const byteAt = (at: number): number => {
    const byte = new Uint8Array(1)
    storage.readAt(at, byte)
    return byte[0]!
  }
  return {
    storage,
    byteAt,
    open: (tuning: NonNullable<OpenOptions['tuning']> = {}): Disk => openDisk(platform, '/disk', { gate, writable: true, tuning }),
    check: () => check(platform, { path: '/disk' }, { gate, job: unwatched }),
    l2: () => wordAt(byteAt, wordAt(byteAt, 44) + 4),
  }
}

function wordAt(byteAt: (at: number) => number, at: number): number {
  return [0, 1, 2, 3].reduce((word, i) => word * 256 + byteAt(at + i), 0)
}

describe('lazy reference counts', () => {
  it('are said to be stale while the image is open for writing, and are right when it is closed', () => {
    const image = made({ lazyRefcounts: true })
    const disk = image.open()
    expect(image.byteAt(79)).toBe(0)
    disk.writeAt(0, new Uint8Array(CLUSTER * 3).fill(1))
    expect(image.byteAt(79)).toBe(DIRTY)
    disk.flush()
    expect(image.byteAt(79)).toBe(DIRTY)
    disk.close()
    expect(image.byteAt(79)).toBe(0)
    expect(image.check()).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it('save the flush of the counts: they are not on the disk before the image is closed', () => {
    const counts = (lazyRefcounts: boolean): number => {
      const image = made({ lazyRefcounts })
      const disk = image.open()
      disk.writeAt(0, new Uint8Array(CLUSTER * 10).fill(1))
      disk.flush()
      const block = wordAt(image.byteAt, wordAt(image.byteAt, 52) + 4)
      return Array.from({ length: 20 }, (_, i) => image.byteAt(block + i * 2 + 1)).filter((count) => count > 0).length
    }
    expect(counts(false) - counts(true)).toBe(11) // ten clusters of data and their L2 table
  })

  it('can be asked for and refused at opening, whatever the image says', () => {
    const image = made({ lazyRefcounts: true })
    const strict = image.open({ lazyRefcounts: false })
    strict.writeAt(0, new Uint8Array(512))
    expect(image.byteAt(79)).toBe(0)
    strict.close()
    const plain = made()
    const lazy = plain.open({ lazyRefcounts: true })
    lazy.writeAt(0, new Uint8Array(512))
    expect(plain.byteAt(79)).toBe(DIRTY)
    lazy.close()
    expect(plain.byteAt(79)).toBe(0)
  })

  it('are not for version 2, which could not say so', () => {
    const image = made({ compat: '0.10' })
    const disk = image.open({ lazyRefcounts: true })
    disk.writeAt(0, new Uint8Array(CLUSTER))
    disk.flush()
    expect(image.check()).toMatchObject({ corruptions: 0, leaks: 0 })
    disk.close()
  })
})

describe('overlap checks', () => {
  /** An image whose first L2 entry calls the L2 table itself data, and whose second calls the refcount table that. */
  function crossed() {
    const image = made()
    const disk = image.open()
    disk.writeAt(0, new Uint8Array(CLUSTER * 2).fill(1))
    disk.close()
    const l2 = image.l2()
    const table = wordAt(image.byteAt, 52)
    image.storage.writeAt(l2 + 4, Uint8Array.of(0, l2 / CLUSTER, 0, 0))
    image.storage.writeAt(l2 + 12, Uint8Array.of(0, table / CLUSTER, 0, 0))
    return image
  }
  const write = (
    image: ReturnType<typeof made>,
    at: number,
    overlapCheck: ReadonlySet<never> | NonNullable<NonNullable<OpenOptions['tuning']>['overlapCheck']>,
  ) => {
    const disk = image.open({ overlapCheck })
    disk.writeAt(at, new Uint8Array(512).fill(9))
    disk.close()
  }

  it('keep writers off each area by its own switch', () => {
    expect(thrown(() => write(crossed(), 0, new Set(['active-l2'])))).toMatchObject({ code: 'CORRUPT' })
    expect(() => write(crossed(), 0, new Set(['refcount-table']))).not.toThrow()
    expect(thrown(() => write(crossed(), CLUSTER, new Set(['refcount-table'])))).toMatchObject({ code: 'CORRUPT' })
    expect(() => write(crossed(), CLUSTER, new Set(['active-l2']))).not.toThrow()
    expect(() => write(crossed(), 0, new Set())).not.toThrow()
  })

  it('mark an image that they found damaged, and later writers are refused by that mark', () => {
    const image = crossed()
    const disk = image.open()
    expect(thrown(() => disk.writeAt(0, new Uint8Array(512)))).toMatchObject({ code: 'CORRUPT' })
    disk.close()
    expect(image.byteAt(79)).toBe(CORRUPT)
    expect(thrown(() => image.open())).toMatchObject({ code: 'READ_ONLY' })
  })
})

describe('clusters that are given back', () => {
  it.each([
    ['become holes of the file where a request gave them back', new Set(['request'] as const), true],
    ['stay where only snapshots may give back', new Set(['snapshot'] as const), false],
  ])('%s', (_what, punch, punched) => {
    const image = made()
    const disk = image.open({ punch })
    disk.writeAt(0, new Uint8Array(CLUSTER * 4).fill(7))
    disk.flush()
    const extent = disk.driver.locate(0, CLUSTER)
    const host = extent.kind === 'data' ? extent.at : -1
    disk.discardAt(0, CLUSTER * 4)
    disk.flush()
    expect(image.byteAt(host)).toBe(punched ? 0 : 7)
    const now = new Uint8Array(CLUSTER * 4)
    disk.readAt(0, now)
    expect(now.every((byte) => byte === 0)).toBe(true)
    disk.close()
    expect(image.check()).toMatchObject({ corruptions: 0, leaks: 0 })
  })

  it('are no holes before nothing on the disk points at them', () => {
    const image = made()
    const disk = image.open()
    disk.writeAt(0, new Uint8Array(CLUSTER).fill(7))
    disk.flush()
    const extent = disk.driver.locate(0, CLUSTER)
    disk.discardAt(0, CLUSTER)
    expect(image.byteAt(extent.kind === 'data' ? extent.at : -1)).toBe(7)
    disk.close()
  })
})
