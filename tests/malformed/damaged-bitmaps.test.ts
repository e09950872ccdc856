import { describe, expect, it } from 'vitest'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { BitmapEntry, BitmapsExtension } from '../../src/engine/formats/qcow2/layout.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { portable } from '../fixtures/platform.ts'
import { codeOf, thrown } from '../fixtures/thrown.ts'

const CLUSTER = 4096
const SIZE = 2 ** 20
/** Where the bitmaps extension's data stands in an image that Strata made: behind the header, the feature names and its own head. */
const EXTENSION = 112 + 8 + 384 + 8

const open = (storage: MemoryStorage, writable = false) => qcow2.open({ storage, ...portable, writable })

/** An image with two bitmaps, `one` with marks. */
function image(): { storage: MemoryStorage; directory: number; table: number } {
  const storage = new MemoryStorage('image')
  const made = qcow2.create({ storage, ...portable, size: SIZE, options: { ...DEFAULT_OPTIONS, clusterSize: CLUSTER } })
  made.bitmaps!.add('one', 512, true)
  made.bitmaps!.add('two', 4096, true)
  made.bitmaps!.mark('one', [{ at: 4096, length: 512 }])
  made.close()
  const read = (at: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    storage.readAt(at, bytes)
    return bytes
  }
  const { directoryOffset: directory } = BitmapsExtension.decode(read(EXTENSION, 24), {})
  const { tableOffset: table } = BitmapEntry.decode(read(directory, 24), {})
  return { storage, directory, table }
}

function patch(storage: MemoryStorage, at: number, value: number, bytes: number): void {
  const word = new Uint8Array(8)
  new DataView(word.buffer).setBigUint64(0, BigInt(value))
  storage.writeAt(at, word.subarray(8 - bytes))
}

/** What is patched, and where in the extension or in the first row. */
const extension: [what: string, at: number, value: number, bytes: number][] = [
  ['no bitmaps', 0, 0, 4],
  ['a bitmap too many', 0, 65536, 4],
  ['more bitmaps than rows', 0, 3, 4],
  ['fewer bitmaps than rows', 0, 1, 4],
  ['a reserved field', 4, 1, 4],
  ['a directory of no bytes', 8, 0, 8],
  ['a directory larger than any', 8, 2 ** 40, 8],
  ['a directory longer than its rows', 8, 72, 8],
  ['a directory between clusters', 16, 4104, 8],
  ['a directory at the header', 16, 0, 8],
  ['a directory past the end', 16, 2 ** 40, 8],
]
const row: [what: string, at: number, value: number, bytes: number][] = [
  ['no table', 0, 0, 8],
  ['a table between clusters', 0, 4104, 8],
  ['a table past the end', 0, 2 ** 40, 8],
  ['a table at 2^53', 0, 2 ** 53, 8],
  ['a table of no entries', 8, 0, 4],
  ['a table too long for the disk', 8, 2, 4],
  ['a table longer than any', 8, 2 ** 32 - 1, 4],
  ['an unknown flag', 12, 8, 4],
  ['an unknown type', 16, 2, 1],
  ['a granularity too fine', 17, 8, 1],
  ['a granularity too coarse', 17, 32, 1],
  ['a granularity that does not fit the table', 17, 40, 1],
  ['no name', 18, 0, 2],
  ['a name too long', 18, 1024, 2],
  ['a name past the directory', 18, 1000, 2],
  ['extra data past the directory', 20, 2 ** 32 - 1, 4],
]

const OVER_OTHERS = ['a directory larger than any', 'a directory between clusters', 'a directory at the header']

describe('bitmaps that lie', () => {
  const cases = [
    ...extension.map(([what, at, value, bytes]) => ({ what, place: () => EXTENSION + at, value, bytes })),
    ...row.map(([what, at, value, bytes]) => ({ what, place: (directory: number) => directory + at, value, bytes })),
    { what: 'one name twice', place: (directory: number) => directory + 32 + 24, value: 0x6f6e65, bytes: 3 },
  ]
  it.each(cases)('$what: refused by place, and no obstacle for the disk', ({ what, place, value, bytes }) => {
    const { storage, directory } = image()
    patch(storage, place(directory), value, bytes)
    const before = storage.clone()
    if (codeOf(() => open(storage)) !== 'none') {
      // Offsets of 2^53 and more are refused at once.
      expect(thrown(() => open(storage))).toMatchObject({ code: 'CORRUPT' })
      return
    }
    const driver = open(storage)
    const error = thrown(() => driver.bitmaps!.list())
    expect(error).toMatchObject({ code: 'CORRUPT', where: { path: 'image' } })
    expect(error.where.offset).toBeTypeOf('number')
    expect(error.where.field).toBeTypeOf('string')
    expect(codeOf(() => driver.describe())).toBe('CORRUPT')
    new Disk('image', driver).readAt(0, new Uint8Array(SIZE))
    expect(codeOf(() => open(storage, true).bitmaps!.add('three', 512, true))).toBe('CORRUPT')
    expect(contentOf(storage)).toEqual(contentOf(before))

    // Who writes the disk nevertheless drops them all; unless the directory claims to lie over other structure, or all over the file.
    const disk = new Disk('image', open(storage, true))
    const written = codeOf(() => disk.writeAt(0, new Uint8Array(512).fill(9)))
    disk.close()
    expect(written).toBe(OVER_OTHERS.includes(what) ? 'CORRUPT' : 'none')
    if (written === 'none') expect(open(storage).bitmaps!.list()).toEqual([])
  })

  it.each([
    ['a reserved bit', 4],
    ['a cluster past the end', 2 ** 40],
    ['reserved high bits', 2 ** 57 + 4096],
  ])('a table entry with %s loses one bitmap, not the others', (_what, value) => {
    const { storage, table } = image()
    patch(storage, table, value, 8)
    const driver = open(storage)
    expect(driver.bitmaps!.list()).toHaveLength(2)
    expect(thrown(() => [...driver.bitmaps!.marked('one')])).toMatchObject({ code: 'CORRUPT', where: { offset: table } })

    const disk = new Disk('image', open(storage, true))
    disk.writeAt(8192, new Uint8Array(512).fill(9))
    disk.close()
    const after = open(storage).bitmaps!
    expect(after.list().map(({ flags }) => flags)).toEqual([['in-use', 'auto'], ['auto']])
    expect([...after.marked('two')]).toEqual([{ at: 8192, length: 4096 }])
    const mending = open(storage, true)
    mending.bitmaps!.remove('one')
    mending.close()
    expect(
      open(storage)
        .bitmaps!.list()
        .map(({ name }) => name),
    ).toEqual(['two'])
  })

  it('two bitmaps with one table are refused', () => {
    const { storage, directory, table } = image()
    patch(storage, directory + 32, table, 8)
    expect(thrown(() => open(storage).bitmaps!.list())).toMatchObject({ code: 'CORRUPT', where: { field: 'tableOffset' } })
  })

  it('has bits past the end of the disk ignored', () => {
    const { storage } = image()
    const grow = open(storage, true)
    grow.bitmaps!.add('short', 2 ** 20, false)
    grow.bitmaps!.mark('short', [{ at: 0, length: 2 ** 40 }])
    grow.close()
    expect([...open(storage).bitmaps!.marked('short')]).toEqual([{ at: 0, length: SIZE }])
  })

  it.each([
    ['kept and used where its flag allows', 4, ['auto'], [{ at: 0, length: 4096 }]],
    ['left alone otherwise, and out of date when the disk is written', 0, ['in-use', 'auto'], undefined],
  ])('extra data that nobody knows is %s', (_what, flag, flags, marks) => {
    const storage = withExtraData(flag)
    const disk = new Disk('image', open(storage, true))
    disk.writeAt(0, new Uint8Array(512).fill(9))
    disk.close()
    const { bitmaps } = open(storage)
    expect(bitmaps!.list()).toEqual([{ name: 'one', granularity: 4096, flags }])
    if (marks) expect([...bitmaps!.marked('one')]).toEqual(marks)
    else expect(codeOf(() => bitmaps!.marked('one'))).toBe('UNSUPPORTED')

    const grown = new Disk('image', open(storage, true))
    grown.grow(2 ** 30, 'off')
    grown.close()
    const added = open(storage, true)
    added.bitmaps!.add('two', 4096, false)
    added.close()
    expect(open(storage).bitmaps!.list()).toHaveLength(2)
    expect(Buffer.from(contentOf(storage)).includes('what nobody knows'), 'the extra data').toBe(true)
  })
})

/** An image with one bitmap that has extra data behind its row. */
function withExtraData(flag: number): MemoryStorage {
  const storage = new MemoryStorage('image')
  const made = qcow2.create({ storage, ...portable, size: SIZE, options: { ...DEFAULT_OPTIONS, clusterSize: CLUSTER } })
  made.bitmaps!.add('one', 4096, true)
  made.close()
  const extension = new Uint8Array(24)
  storage.readAt(EXTENSION, extension)
  const place = BitmapsExtension.decode(extension, {})
  const directory = place.directoryOffset
  const bytes = new Uint8Array(24)
  storage.readAt(directory, bytes)
  const extra = Buffer.from('what nobody knows')
  BitmapEntry.encode({ ...BitmapEntry.decode(bytes, {}), flags: 2 | flag, extraLength: extra.length }, bytes)
  storage.writeAt(directory, bytes)
  storage.writeAt(directory + 24, extra)
  storage.writeAt(directory + 24 + extra.length, Buffer.from('one'))
  BitmapsExtension.encode({ ...place, directorySize: 48 }, extension)
  storage.writeAt(EXTENSION, extension)
  return storage
}

function contentOf(storage: MemoryStorage): Uint8Array {
  const bytes = new Uint8Array(storage.size)
  storage.readAt(0, bytes)
  return bytes
}
