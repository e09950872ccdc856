import { describe, expect, it } from 'vitest'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const TIB = 2 ** 40

function read(storage: MemoryStorage, at = 0, length = storage.size - at): Uint8Array {
  const into = new Uint8Array(length).fill(0xaa)
  storage.readAt(at, into)
  return into
}

describe('a file in memory', () => {
  it('costs nothing where nothing was written, even at 1 TiB', () => {
    const storage = new MemoryStorage()
    storage.truncate(TIB)
    expect(storage.allocated).toBe(0)
    expect([...storage.extents(0, TIB)]).toEqual([{ at: 0, length: TIB, hole: true }])
    storage.writeAt(TIB / 2, Uint8Array.of(1))
    expect([...storage.extents(0, TIB)]).toEqual([
      { at: 0, length: TIB / 2, hole: true },
      { at: TIB / 2, length: 4096, hole: false },
      { at: TIB / 2 + 4096, length: TIB / 2 - 4096, hole: true },
    ])
    storage.zeroAt(0, TIB)
    expect(storage.allocated).toBe(0)
    expect(storage.size).toBe(TIB)
  })

  it('tells parts of a run when asked for a part', () => {
    const storage = new MemoryStorage()
    storage.truncate(65536)
    storage.writeAt(8192, new Uint8Array(8192).fill(1))
    expect([...storage.extents(9000, 10000)]).toEqual([
      { at: 9000, length: 16384 - 9000, hole: false },
      { at: 16384, length: 19000 - 16384, hole: true },
    ])
    expect([...storage.extents(100, 0)]).toEqual([])
  })

  it('shows zeros where it was cut and grew again', () => {
    const storage = new MemoryStorage('x', new Uint8Array(5000).fill(7))
    storage.truncate(100)
    storage.truncate(6000)
    expect(read(storage, 0, 100).every((byte) => byte === 7)).toBe(true)
    expect(read(storage, 100).every((byte) => byte === 0)).toBe(true)
  })

  it('zeroes the edges of a range and drops the pages inside', () => {
    const storage = new MemoryStorage('x', new Uint8Array(5 * 4096).fill(7))
    storage.zeroAt(4000, 3 * 4096)
    const bytes = read(storage)
    expect(bytes.findIndex((byte) => byte === 0)).toBe(4000)
    expect(bytes.lastIndexOf(0)).toBe(4000 + 3 * 4096 - 1)
    expect(storage.allocated).toBe(3 * 4096)
  })

  it('grows when it is zeroed past its end, and not by writing nothing', () => {
    const storage = new MemoryStorage('x', Uint8Array.of(1, 2, 3))
    storage.zeroAt(2, 10)
    expect([...read(storage)]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    storage.writeAt(100, new Uint8Array(0))
    storage.zeroAt(100, 0)
    expect(storage.size).toBe(12)
  })

  it('gives a clone its own content', () => {
    const storage = new MemoryStorage('x', new Uint8Array(8192).fill(1))
    const clone = storage.clone()
    clone.writeAt(0, Uint8Array.of(2))
    storage.writeAt(4096, Uint8Array.of(3))
    storage.truncate(8000)
    const second = clone.clone()
    second.zeroAt(0, 4096)
    expect([read(storage)[0], read(storage)[4096], storage.size]).toEqual([1, 3, 8000])
    expect([read(clone)[0], read(clone)[4096], clone.size]).toEqual([2, 1, 8192])
    expect([read(second)[0], read(second)[4096]]).toEqual([0, 1])
  })

  it('refuses ranges that are not inside it, naming the place', () => {
    const storage = new MemoryStorage('some/file', new Uint8Array(10))
    const into = new Uint8Array(4)
    expect(thrown(() => storage.readAt(7, into))).toMatchObject({ code: 'OUT_OF_RANGE', where: { path: 'some/file', offset: 7 } })
    for (const at of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(thrown(() => storage.readAt(at, into)).code).toBe('OUT_OF_RANGE')
      expect(thrown(() => storage.writeAt(at, into)).code).toBe('OUT_OF_RANGE')
      expect(thrown(() => storage.zeroAt(at, 4)).code).toBe('OUT_OF_RANGE')
      expect(thrown(() => storage.truncate(at)).code).toBe('OUT_OF_RANGE')
    }
    expect(thrown(() => storage.zeroAt(0, -1)).code).toBe('OUT_OF_RANGE')
    expect(thrown(() => [...storage.extents(0, 11)]).code).toBe('OUT_OF_RANGE')
    expect(storage.size).toBe(10)
  })
})
