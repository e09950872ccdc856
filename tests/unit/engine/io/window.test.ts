import { expect, it } from 'vitest'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { WindowStorage } from '../../../../src/engine/io/window.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const file = (): MemoryStorage => new MemoryStorage('file', Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))

it('shows a range of a file from 0 on', () => {
  const window = new WindowStorage(file(), 3, 4)
  const into = new Uint8Array(4)
  window.readAt(0, into)
  expect([...into]).toEqual([3, 4, 5, 6])
  expect([window.size, window.path, window.writable]).toEqual([4, 'file', true])
})

it('refuses every range that leaves it, and leaves the file as it was', () => {
  const inner = file()
  const window = new WindowStorage(inner, 3, 4)
  const calls = [
    () => window.readAt(1, new Uint8Array(4)),
    () => window.writeAt(3, Uint8Array.of(0, 0)),
    () => window.zeroAt(2, 3),
    () => window.writeAt(-1, Uint8Array.of(0)),
    () => window.truncate(5),
    () => window.truncate(3),
    () => [...window.extents(0, 5)],
    () => new WindowStorage(inner, 8, 3),
    () => new WindowStorage(inner, -1, 3),
  ]
  for (const call of calls) expect(thrown(call).code).toBe('OUT_OF_RANGE')
  window.truncate(4)
  const all = new Uint8Array(10)
  inner.readAt(0, all)
  expect([...all]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(inner.size).toBe(10)
})

it('tells the holes of its range in its own offsets', () => {
  const inner = new MemoryStorage()
  inner.truncate(40_960)
  inner.writeAt(8192, new Uint8Array(4096).fill(1))
  expect([...new WindowStorage(inner, 4096, 16_384).extents(0, 16_384)]).toEqual([
    { at: 0, length: 4096, hole: true },
    { at: 4096, length: 4096, hole: false },
    { at: 8192, length: 8192, hole: true },
  ])
})
