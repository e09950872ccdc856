import { expect, it } from 'vitest'
import { AsideStorage } from '../../../../src/engine/io/aside.ts'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const bytes = (storage: { size: number; readAt(at: number, into: Uint8Array): void }): Uint8Array => {
  const all = new Uint8Array(storage.size)
  storage.readAt(0, all)
  return all
}

it('What is left aside shows through itself alone: the storage behind it stays as it was', () => {
  const inner = new MemoryStorage('file', new Uint8Array(10_000).fill(7))
  const aside = new AsideStorage(inner)
  aside.writeAt(4000, new Uint8Array(200).fill(1))
  aside.zeroAt(100, 5000)
  aside.truncate(9000)
  aside.writeAt(12_000, Uint8Array.of(2))
  aside.flush()
  const expected = new Uint8Array(12_001).fill(7)
  expected.fill(0, 100, 5100)
  expected.fill(0, 9000)
  expected[12_000] = 2
  expect(Buffer.compare(bytes(aside), expected)).toBe(0)
  expect(Buffer.compare(bytes(inner), new Uint8Array(10_000).fill(7))).toBe(0)
  expect(inner.size).toBe(10_000)
})

it('A trial keeps no more than it may, and zeros cost nothing', () => {
  const aside = new AsideStorage(new MemoryStorage('file', new Uint8Array(100)), 3 * 4096)
  aside.zeroAt(0, 2 ** 24)
  aside.writeAt(0, new Uint8Array(3 * 4096).fill(1))
  aside.writeAt(10, new Uint8Array(4096).fill(2))
  expect(codeOf(() => aside.writeAt(2 ** 20, Uint8Array.of(1)))).toBe('NO_SPACE')
})
