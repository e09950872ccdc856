import { describe, expect, it } from 'vitest'
import { Disk } from '../../../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS } from '../../../../src/engine/formats/options.ts'
import { qcow2 } from '../../../../src/engine/formats/qcow2/index.ts'
import { raw } from '../../../../src/engine/formats/raw/index.ts'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import type { StorageRun } from '../../../../src/engine/io/storage.ts'
import { portable } from '../../../fixtures/platform.ts'

const MIB = 2 ** 20

/** Counts how often the file is asked where its holes are. */
class CountedStorage extends StorageDecorator {
  asked = 0

  override extents(at: number, length: number): Iterable<StorageRun> {
    this.asked++
    return super.extents(at, length)
  }
}

function preallocated(size: number) {
  const storage = new CountedStorage(new MemoryStorage('/disk'))
  const options = { ...DEFAULT_OPTIONS, preallocation: 'metadata' } as const
  return { storage, disk: new Disk('/disk', qcow2.create({ storage, ...portable, size, options })) }
}

describe("a disk's runs", () => {
  it('call room that was set aside and never written zeros, and what was written data', () => {
    const { disk } = preallocated(64 * MIB)
    disk.writeAt(32 * MIB, new Uint8Array(MIB).fill(1))
    const data = [...disk.runs(0, disk.size)].filter(({ kind }) => kind === 'data')
    expect(data).toEqual([{ at: 32 * MIB, length: MIB, kind: 'data', depth: 0 }])
  })

  it('cost what is looked at, not what lies behind', () => {
    const { disk } = preallocated(2 ** 30)
    const first = disk.driver.locate(0, disk.size)
    expect(first.kind).toBe('data')
    expect(first.length).toBeLessThanOrEqual(128 * MIB)
  })

  it.each([false, true])('are few where a disk is mostly empty, extended entries: %s', (extendedL2) => {
    const storage = new MemoryStorage('/disk')
    const disk = new Disk('/disk', qcow2.create({ storage, ...portable, size: 2 ** 40, options: { ...DEFAULT_OPTIONS, extendedL2 } }))
    const places = [0, 300 * MIB, 300 * MIB + 65536 * 7, 2 ** 38, 2 ** 40 - 65536]
    for (const at of places) disk.writeAt(at, new Uint8Array(65536).fill(1))
    const runs = [...disk.runs(0, disk.size)]
    expect(runs.filter(({ kind }) => kind === 'data').map(({ at }) => at)).toEqual(places)
    expect(runs.length).toBeLessThan(20)
    expect(runs.reduce((end, { at, length }) => (at === end ? at + length : NaN), 0)).toBe(2 ** 40)
  })

  it('ask the file once for a run of written bytes, however often they are walked in pieces', () => {
    const storage = new CountedStorage(new MemoryStorage('/disk'))
    const disk = new Disk('/disk', raw.create({ storage, ...portable, size: 8 * MIB, options: DEFAULT_OPTIONS }))
    disk.writeAt(0, new Uint8Array(8 * MIB).fill(1))
    for (let at = 0; at < disk.size; at += MIB) expect([...disk.runs(at, MIB)]).toEqual([{ at, length: MIB, kind: 'data', depth: 0 }])
    expect(storage.asked).toBe(1)
  })

  it('end where the file is shorter than its last cluster', () => {
    const { storage, disk } = preallocated(MIB)
    disk.writeAt(0, new Uint8Array(MIB).fill(1))
    disk.flush()
    storage.truncate(storage.size - 512)
    expect([...disk.runs(0, disk.size)]).toEqual([
      { at: 0, length: MIB - 512, kind: 'data', depth: 0 },
      { at: MIB - 512, length: 512, kind: 'zero', depth: 0, hole: true },
    ])
  })
})
