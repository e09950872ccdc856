import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { FileStorage } from '../../../../src/engine/io/file.node.ts'

// As where the optional package koffi is not installed, or on Windows.
vi.mock('../../../../src/engine/io/sparse.node.ts', () => ({ sparseCalls: () => undefined }))

const folder = mkdtempSync(join(tmpdir(), 'strata-plain-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

it('a file is one run of data where holes can not be seen', () => {
  const storage = FileStorage.create(join(folder, 'one-run'))
  storage.truncate(2 ** 30)
  expect([...storage.extents(0, 2 ** 30)]).toEqual([{ at: 0, length: 2 ** 30, hole: false }])
  expect([...storage.extents(5, 10)]).toEqual([{ at: 5, length: 10, hole: false }])
  expect([...storage.extents(5, 0)]).toEqual([])
  storage.close()
})

it('zeros are written where holes can not be punched, and past the end the file grows', () => {
  const storage = FileStorage.create(join(folder, 'zeros'))
  const MIB = 2 ** 20
  storage.writeAt(0, new Uint8Array(4 * MIB).fill(1))
  storage.zeroAt(MIB / 2 + 3, 2 * MIB + 5)
  storage.zeroAt(4 * MIB - 1, 10)
  const into = new Uint8Array(4 * MIB + 9)
  expect(storage.size).toBe(into.length)
  storage.readAt(0, into)
  const expected = new Uint8Array(into.length).fill(1)
  expected.fill(0, MIB / 2 + 3, MIB / 2 + 3 + 2 * MIB + 5).fill(0, 4 * MIB - 1)
  expect(Buffer.compare(into, expected)).toBe(0)
  storage.close()
})
