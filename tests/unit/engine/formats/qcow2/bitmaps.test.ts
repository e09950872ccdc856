import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../../../../src/shared/model.ts'
import { unwatched } from '../../../../../src/engine/base/job.ts'
import { Disk } from '../../../../../src/engine/device/disk.ts'
import type { BitmapFacet } from '../../../../../src/engine/formats/driver.ts'
import { DEFAULT_OPTIONS } from '../../../../../src/engine/formats/options.ts'
import { qcow2 } from '../../../../../src/engine/formats/qcow2/index.ts'
import { MemoryStorage } from '../../../../../src/engine/io/memory.ts'
import { portable } from '../../../../fixtures/platform.ts'
import { Random } from '../../../../fixtures/random.ts'
import { codeOf, thrown } from '../../../../fixtures/thrown.ts'

const CLUSTER = 512
const SIZE = 4 * 2 ** 20 + 512

function image(options: Qcow2Options = {}, backing?: { name: string }): MemoryStorage {
  const storage = new MemoryStorage('image')
  const made = { ...DEFAULT_OPTIONS, clusterSize: CLUSTER, ...options }
  qcow2.create({ storage, ...portable, size: SIZE, options: made, ...(backing && { backing }) }).writer!.flush()
  return storage
}

function open(storage: MemoryStorage, writable = true): { disk: Disk; bitmaps: BitmapFacet } {
  const driver = qcow2.open({ storage, ...portable, writable })
  return { disk: new Disk('image', driver), bitmaps: driver.bitmaps! }
}

/** Runs work on the image, and closes it. */
function session(storage: MemoryStorage, work: (bitmaps: BitmapFacet, disk: Disk) => void): void {
  const { disk, bitmaps } = open(storage)
  work(bitmaps, disk)
  disk.close()
}

const marksOf = (storage: MemoryStorage, name: string) => [...open(storage, false).bitmaps.marked(name)]
const listOf = (storage: MemoryStorage) => open(storage, false).bitmaps.list()

function assertSound(storage: MemoryStorage): void {
  const { corruptions, leaks, checkErrors, findings } = qcow2.open({ storage, ...portable, writable: false }).check!.check(unwatched)
  expect({ corruptions, leaks, checkErrors, findings }).toEqual({ corruptions: 0, leaks: 0, checkErrors: 0, findings: [] })
}

describe('persistent bitmaps', () => {
  it('are added, listed, switched on and off, and removed', () => {
    const storage = image()
    expect(listOf(storage)).toEqual([])
    session(storage, (bitmaps) => {
      bitmaps.add('one', 65536, true)
      bitmaps.add('zwei-ü', 2 ** 31, false)
    })
    assertSound(storage)
    expect(listOf(storage)).toEqual([
      { name: 'one', granularity: 65536, flags: ['auto'] },
      { name: 'zwei-ü', granularity: 2 ** 31, flags: [] },
    ])
    session(storage, (bitmaps) => {
      bitmaps.disable('one')
      bitmaps.enable('zwei-ü')
    })
    expect(listOf(storage).map(({ flags }) => flags)).toEqual([[], ['auto']])
    session(storage, (bitmaps) => bitmaps.remove('one'))
    assertSound(storage)
    expect(listOf(storage).map(({ name }) => name)).toEqual(['zwei-ü'])
    const size = storage.size
    session(storage, (bitmaps) => bitmaps.remove('zwei-ü'))
    assertSound(storage)
    expect(listOf(storage)).toEqual([])
    expect(storage.size).toBe(size)
  })

  it('mark what is written, zeroed, discarded and packed, and nothing else', () => {
    const storage = image()
    session(storage, (bitmaps) => {
      bitmaps.add('on', 1024, true)
      bitmaps.add('coarse', 2 ** 20, true)
      bitmaps.add('off', 512, false)
    })
    session(storage, (_bitmaps, disk) => {
      disk.writeAt(1500, new Uint8Array(1000).fill(1))
      disk.zeroAt(100_000, 3000)
      disk.discardAt(200_000, 10_000)
      disk.writePacked(CLUSTER * 1000, portable.codecs.deflate.pack(new Uint8Array(CLUSTER).fill(7))!)
      disk.writeAt(SIZE - 1, Uint8Array.of(1))
    })
    assertSound(storage)
    expect(marksOf(storage, 'on')).toEqual([
      { at: 1024, length: 2048 },
      { at: 99_328, length: 4096 },
      { at: 199_680, length: 10_240 },
      { at: 512_000, length: 1024 },
      { at: SIZE - 512, length: 512 },
    ])
    expect(marksOf(storage, 'coarse')).toEqual([
      { at: 0, length: 2 ** 20 },
      { at: 2 ** 22, length: 512 },
    ])
    expect(marksOf(storage, 'off')).toEqual([])
    expect(listOf(storage).every(({ flags }) => !flags.includes('in-use'))).toBe(true)
  })

  it('are looked at and changed between the writes of one session', () => {
    const storage = image()
    session(storage, (bitmaps, disk) => {
      bitmaps.add('a', 512, true)
      disk.writeAt(512, new Uint8Array(512))
      expect([...bitmaps.marked('a')]).toEqual([{ at: 512, length: 512 }])
      bitmaps.add('b', 4096, true)
      disk.writeAt(8192, new Uint8Array(512))
      bitmaps.clear('a')
      bitmaps.disable('b')
      disk.writeAt(512 * 9, new Uint8Array(512))
      bitmaps.mark('b', bitmaps.marked('a'))
      bitmaps.mark('b', [{ at: 0, length: 1 }])
      bitmaps.remove('a')
      bitmaps.add('a', 2 ** 16, true)
      expect(bitmaps.list().every(({ flags }) => !flags.includes('in-use'))).toBe(true)
    })
    assertSound(storage)
    expect(marksOf(storage, 'a')).toEqual([])
    expect(marksOf(storage, 'b')).toEqual([{ at: 0, length: 12_288 }])
  })

  it('agree with a plain model through random work', () => {
    const random = new Random(99)
    const storage = image({ clusterSize: 4096 })
    const model = new Map<string, { granularity: number; on: boolean; marked: Set<number> }>()
    let size = SIZE
    const mark = (bitmap: { granularity: number; marked: Set<number> }, at: number, length: number): void => {
      for (let unit = Math.floor(at / bitmap.granularity); unit * bitmap.granularity < at + length; unit++) bitmap.marked.add(unit)
    }
    for (let turn = 0; turn < 40; turn++) {
      session(storage, (bitmaps, disk) => {
        for (let step = 0; step < 12; step++) {
          const names = [...model.keys()]
          const name = names[random.below(names.length)] ?? ''
          const bitmap = model.get(name)
          const kind = random.below(12)
          if (kind < 6) {
            const at = random.below(size)
            const length = Math.min(size - at, random.length(200_000))
            disk.writeAt(at, random.bytes(length))
            for (const one of model.values()) if (one.on) mark(one, at, length)
          } else if (kind < 7 && model.size < 5) {
            const granularity = 2 ** (9 + random.below(9))
            const fresh = { granularity, on: random.below(2) === 0, marked: new Set<number>() }
            bitmaps.add(`bitmap ${turn}.${step}`, granularity, fresh.on)
            model.set(`bitmap ${turn}.${step}`, fresh)
          } else if (!bitmap) continue
          else if (kind < 8) {
            bitmaps.clear(name)
            bitmap.marked.clear()
          } else if (kind < 9) {
            if (bitmap.on) bitmaps.disable(name)
            else bitmaps.enable(name)
            bitmap.on = !bitmap.on
          } else if (kind < 10) {
            const other = names[random.below(names.length)]!
            const source = model.get(other)!
            bitmaps.mark(name, bitmaps.marked(other))
            for (const unit of [...source.marked])
              mark(bitmap, unit * source.granularity, Math.min(source.granularity, size - unit * source.granularity))
          } else if (kind < 11 && model.size > 3) {
            bitmaps.remove(name)
            model.delete(name)
          } else if (size < 2 ** 25) {
            // On a cluster's border nothing has to be written to grow.
            const grown = Math.ceil(size / 4096) * 4096 + 4096 * random.below(300)
            const tail = size - (size % 4096)
            if (tail < size) for (const one of model.values()) if (one.on) mark(one, tail, size - tail)
            disk.grow(grown, 'off')
            size = grown
          }
        }
      })
      assertSound(storage)
      const { bitmaps } = open(storage, false)
      expect(bitmaps.list().map(({ name, flags }) => [name, flags])).toEqual([...model].map(([name, { on }]) => [name, on ? ['auto'] : []]))
      for (const [name, { granularity, marked }] of model) {
        const units = new Set<number>()
        for (const { at, length } of bitmaps.marked(name))
          for (let unit = at / granularity; unit * granularity < at + length; unit++) units.add(unit)
        for (const unit of marked) expect(units.has(unit), `turn ${turn}: ${name} marks unit ${unit}`).toBe(true)
        const most = marked.size + 2 * turn + 2 // growing writes the last cluster anew, which may lie in a packed or shared one
        expect(units.size, `turn ${turn}: ${name} marks no more than it must`).toBeLessThanOrEqual(most)
      }
    }
    expect(model.size).toBeGreaterThan(1)
  })

  it('keep a mark for the whole disk as one table entry', () => {
    const storage = image({ clusterSize: 512 })
    session(storage, (bitmaps) => {
      bitmaps.add('all', 512, true)
      bitmaps.mark('all', [{ at: 0, length: SIZE }])
    })
    assertSound(storage)
    expect(marksOf(storage, 'all')).toEqual([{ at: 0, length: SIZE }])
    session(storage, (_bitmaps, disk) => disk.writeAt(5000, new Uint8Array(10)))
    assertSound(storage)
    expect(marksOf(storage, 'all')).toEqual([{ at: 0, length: SIZE }])
    session(storage, (bitmaps) => bitmaps.clear('all'))
    expect(marksOf(storage, 'all')).toEqual([])
    assertSound(storage)
  })

  it('grow with the disk, without marks in what is new', () => {
    const storage = image()
    session(storage, (bitmaps, disk) => {
      bitmaps.add('on', 512, true)
      bitmaps.add('off', 512, false)
      bitmaps.mark('off', [{ at: SIZE - 512, length: 512 }])
      disk.writeAt(SIZE - 512, new Uint8Array(512).fill(1))
    })
    session(storage, (_bitmaps, disk) => {
      disk.grow(2 ** 30, 'off')
      disk.writeAt(2 ** 29, Uint8Array.of(1))
    })
    assertSound(storage)
    expect(marksOf(storage, 'on')).toEqual([
      { at: SIZE - 512, length: 512 },
      { at: 2 ** 29, length: 512 },
    ])
    expect(marksOf(storage, 'off')).toEqual([{ at: SIZE - 512, length: 512 }])
  })

  it('shrink with the disk, and show nothing of what was behind when it grows again', () => {
    const storage = image({ clusterSize: 4096 })
    const half = 2 ** 21 + 512
    session(storage, (bitmaps, disk) => {
      for (const [name, enabled] of [
        ['on', true],
        ['off', false],
      ] as const) {
        bitmaps.add(name, 512, enabled)
        bitmaps.mark(name, [{ at: half - 512, length: 2 ** 20 }])
      }
      bitmaps.add('all', 512, false)
      bitmaps.mark('all', [{ at: 0, length: SIZE }])
      disk.shrink(half)
      disk.writeAt(0, Uint8Array.of(1))
    })
    assertSound(storage)
    expect(marksOf(storage, 'on')).toEqual([
      { at: 0, length: 512 },
      { at: half - 512, length: 512 },
    ])
    expect(marksOf(storage, 'off')).toEqual([{ at: half - 512, length: 512 }])
    expect(marksOf(storage, 'all')).toEqual([{ at: 0, length: half }])
    session(storage, (_bitmaps, disk) => disk.grow(2 ** 23, 'off'))
    assertSound(storage)
    expect(marksOf(storage, 'off')).toEqual([{ at: half - 512, length: 512 }])
    expect(marksOf(storage, 'all')).toEqual([{ at: 0, length: half }])
    session(storage, (_bitmaps, disk) => {
      disk.shrink(half)
      disk.grow(2 ** 23, 'off')
      disk.shrink(4096)
    })
    assertSound(storage)
    expect(marksOf(storage, 'on')).toEqual([{ at: 0, length: 512 }])
  })

  it('are dropped by a disk that grows too large for them', () => {
    const storage = new MemoryStorage('image')
    qcow2.create({ storage, ...portable, size: 2 ** 40, options: DEFAULT_OPTIONS }).writer!.flush()
    session(storage, (bitmaps, disk) => {
      bitmaps.add('fine', 512, true)
      bitmaps.add('coarse', 65536, true)
      disk.grow(2 ** 42, 'off')
      disk.zeroAt(2 ** 41, 65536)
      expect(codeOf(() => bitmaps.clear('fine'))).toBe('UNSUPPORTED')
    })
    expect(listOf(storage).map(({ flags }) => flags)).toEqual([['in-use', 'auto'], ['auto']])
    expect(marksOf(storage, 'coarse')).toEqual([{ at: 2 ** 41, length: 65536 }])
    assertSound(storage)
  })

  it('mark everything when the disk goes back to a snapshot', () => {
    const storage = image()
    session(storage, (bitmaps, disk) => {
      disk.driver.snapshots!.create({ name: 'large', dateSeconds: 0, dateNanoseconds: 0 }, unwatched)
      bitmaps.add('on', 512, true)
      bitmaps.add('off', 512, false)
      disk.shrink(2 ** 21)
    })
    session(storage, (_bitmaps, disk) => disk.driver.snapshots!.apply('large', unwatched))
    assertSound(storage)
    expect(open(storage, false).disk.size).toBe(SIZE)
    expect(marksOf(storage, 'on')).toEqual([{ at: 0, length: SIZE }])
    expect(marksOf(storage, 'off')).toEqual([])
  })

  it('bring marks to the file in between when they take much memory', () => {
    const storage = new MemoryStorage('large')
    const size = 2 ** 39
    qcow2.create({ storage, ...portable, size, options: DEFAULT_OPTIONS }).writer!.flush()
    session(storage, (bitmaps, disk) => {
      bitmaps.add('fine', 512, true)
      const before = storage.size
      // Marks far apart, each in a piece of memory of its own: zeros where nothing is take no room in the image.
      for (let i = 0; i < 2 ** 14 + 2; i++) disk.zeroAt(i * 2 ** 24, 65536)
      expect(storage.size - before).toBeGreaterThan(2 ** 26)
    })
    let found = 0
    for (const range of open(storage, false).bitmaps.marked('fine')) expect(range).toEqual({ at: found++ * 2 ** 24, length: 65536 })
    expect(found).toBe(2 ** 14 + 2)
  })

  it('are in use while an image is written, and inconsistent when it was never closed', () => {
    const storage = image()
    session(storage, (bitmaps) => {
      bitmaps.add('on', 4096, true)
      bitmaps.add('off', 4096, false)
    })
    const { disk } = open(storage)
    disk.writeAt(0, new Uint8Array(512).fill(1))
    disk.flush()
    // Whoever opens it now finds what a crash would have left.
    expect(listOf(storage)).toEqual([
      { name: 'on', granularity: 4096, flags: ['in-use', 'auto'] },
      { name: 'off', granularity: 4096, flags: [] },
    ])
    const crashed = storage.clone()
    disk.close()
    expect(listOf(storage).map(({ flags }) => flags)).toEqual([['auto'], []])

    session(crashed, (bitmaps, again) => {
      for (const change of [
        () => bitmaps.clear('on'),
        () => bitmaps.enable('on'),
        () => bitmaps.disable('on'),
        () => bitmaps.marked('on'),
        () => bitmaps.mark('on', [{ at: 0, length: 1 }]),
      ])
        expect(thrown(change)).toMatchObject({ code: 'UNSUPPORTED', message: "Bitmap 'on' is inconsistent and cannot be used" })
      expect(codeOf(() => bitmaps.add('on', 512, true))).toBe('EXISTS')
      again.writeAt(0, new Uint8Array(512))
    })
    expect(listOf(crashed).map(({ flags }) => flags)).toEqual([['in-use', 'auto'], []])
    session(crashed, (bitmaps) => bitmaps.remove('on'))
    expect(listOf(crashed).map(({ name }) => name)).toEqual(['off'])
    assertSound(crashed)
  })

  it('are gone for whoever finds that a program without bitmaps wrote the image', () => {
    const storage = image()
    session(storage, (bitmaps) => bitmaps.add('old', 4096, true))
    storage.writeAt(95, Uint8Array.of(0))
    expect(listOf(storage)).toEqual([])
    session(storage, (bitmaps) => bitmaps.add('new', 4096, true))
    expect(listOf(storage).map(({ name }) => name)).toEqual(['new'])
    const { corruptions, leaks } = qcow2.open({ storage, ...portable, writable: false }).check!.check(unwatched)
    expect({ corruptions, leaks }).toEqual({ corruptions: 0, leaks: 2 })
  })

  it('move a backing file name out of their way', () => {
    const backing = { name: 'a rather long name of a file below.raw', format: 'raw' }
    for (const clusterSize of [512, 1024, 65536]) {
      const storage = image({ clusterSize }, backing)
      session(storage, (bitmaps) => bitmaps.add('one', 4096, true))
      expect(qcow2.open({ storage, ...portable, writable: false }).backing).toEqual(backing)
      expect(listOf(storage).map(({ name }) => name)).toEqual(['one'])
      session(storage, (bitmaps) => bitmaps.remove('one'))
      expect(qcow2.open({ storage, ...portable, writable: false }).backing).toEqual(backing)
      expect(listOf(storage)).toEqual([])
    }
  })

  it('refuse what they cannot be', () => {
    const storage = image()
    session(storage, (bitmaps) => {
      bitmaps.add('one', 4096, true)
      const refusals: [message: string, run: () => void][] = [
        ['Bitmap already exists: one', () => bitmaps.add('one', 512, true)],
        ['Bitmap name cannot be empty', () => bitmaps.add('', 512, true)],
        ['Name length exceeds maximum (1023 characters)', () => bitmaps.add('ü'.repeat(512), 512, true)],
        ['Granularity must be power of 2 and at least 512', () => bitmaps.add('two', 256, true)],
        ['Granularity must be power of 2 and at least 512', () => bitmaps.add('two', 3000, true)],
        ['Granularity exceeds maximum (2147483648 bytes)', () => bitmaps.add('two', 2 ** 32, true)],
        ["Dirty bitmap 'two' not found", () => bitmaps.remove('two')],
        ["Dirty bitmap 'two' not found", () => bitmaps.marked('two')],
      ]
      for (const [message, run] of refusals) expect(thrown(run).message).toBe(message)
      bitmaps.add('x'.repeat(1023), 512, true)
    })
    const before = storage.clone()
    const { bitmaps } = open(storage, false)
    expect(codeOf(() => bitmaps.remove('one'))).toBe('READ_ONLY')
    expect(storage.size).toBe(before.size)
    session(image({ compat: '0.10' }), (old) =>
      expect(thrown(() => old.add('one', 512, true))).toMatchObject({
        code: 'UNSUPPORTED',
        message: 'Cannot store dirty bitmaps in qcow2 v2 files',
      }),
    )
    const huge = new MemoryStorage('huge')
    qcow2.create({ storage: huge, ...portable, size: 2 ** 42, options: DEFAULT_OPTIONS }).writer!.flush()
    session(huge, (many) => expect(thrown(() => many.add('fine', 512, true)).message).toContain('Use larger granularity'))
  })
})
