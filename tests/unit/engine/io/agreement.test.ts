import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { AsideStorage } from '../../../../src/engine/io/aside.ts'
import { FileStorage } from '../../../../src/engine/io/file.node.ts'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { TraceStorage } from '../../../../src/engine/io/trace.ts'
import { WindowStorage } from '../../../../src/engine/io/window.ts'

const folder = mkdtempSync(join(tmpdir(), 'strata-agreement-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** The range of offsets that the steps move in: some pages of every size that file systems use. */
const ROOM = 300_000
/** A window has a size of its own, so the steps on one stay inside. */
const FIXED = 250_000

type Step =
  | { do: 'write'; at: number; length: number; byte: number }
  | { do: 'zero'; at: number; length: number }
  | { do: 'truncate'; size: number }
  | { do: 'flush' }

const at = fc.oneof(
  fc.nat(ROOM),
  fc.nat(Math.floor(ROOM / 4096)).map((page) => page * 4096),
)
const length = fc.oneof(
  fc.nat(600),
  fc.nat(20_000),
  fc.nat(16).map((pages) => pages * 4096),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), at, length, byte: fc.integer({ min: 1, max: 255 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('zero' as const), at, length }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), size: at }) },
  { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
)

/** What the storages should hold: nothing but an array that grows. */
class Model {
  bytes = new Uint8Array(0)

  take(step: Step): void {
    if (step.do === 'truncate') this.#resize(step.size)
    else if (step.do !== 'flush' && step.length > 0) {
      if (step.at + step.length > this.bytes.length) this.#resize(step.at + step.length)
      this.bytes.fill(step.do === 'write' ? step.byte : 0, step.at, step.at + step.length)
    }
  }

  #resize(size: number): void {
    const resized = new Uint8Array(size)
    resized.set(this.bytes.subarray(0, size))
    this.bytes = resized
  }
}

function take(storage: Storage, step: Step): void {
  if (step.do === 'write') storage.writeAt(step.at, new Uint8Array(step.length).fill(step.byte))
  else if (step.do === 'zero') storage.zeroAt(step.at, step.length)
  else if (step.do === 'truncate') storage.truncate(step.size)
  else storage.flush()
}

function expectSame(storage: Storage, bytes: Uint8Array): void {
  expect(storage.size).toBe(bytes.length)
  const all = new Uint8Array(bytes.length).fill(0xaa)
  storage.readAt(0, all)
  expect(Buffer.compare(all, bytes)).toBe(0)
  const from = Math.floor(bytes.length / 3)
  let next = from
  for (const run of storage.extents(from, bytes.length - from)) {
    expect(run.at).toBe(next)
    expect(run.length).toBeGreaterThan(0)
    if (run.hole) expect(bytes.subarray(run.at, run.at + run.length).every((byte) => byte === 0)).toBe(true)
    next = run.at + run.length
  }
  expect(next).toBe(bytes.length)
}

let files = 0

it.each<[string, () => Storage]>([
  ['memory', () => new MemoryStorage()],
  ['a file', () => FileStorage.create(join(folder, `file-${files++}`))],
  ['a file left aside', () => new AsideStorage(new MemoryStorage())],
  ['a traced file', () => new TraceStorage(FileStorage.create(join(folder, `file-${files++}`)))],
])('%s holds what an array would hold after any steps', (_name, make) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const storage = make()
      try {
        const model = new Model()
        for (const each of steps) {
          take(storage, each)
          model.take(each)
        }
        expectSame(storage, model.bytes)
      } finally {
        storage.close()
      }
    }),
    { numRuns: 60 },
  )
})

it.each<[string, () => Storage]>([
  ['memory', () => new MemoryStorage()],
  ['a file', () => FileStorage.create(join(folder, `file-${files++}`))],
])('a window on %s holds what an array would hold, and what lies around it stays', (_name, make) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), fc.nat(10_000), (steps, start) => {
      const storage = make()
      try {
        const size = FIXED + start + 777
        storage.writeAt(0, new Uint8Array(size).fill(9))
        const window = new WindowStorage(storage, start, FIXED)
        const model = new Model()
        model.take({ do: 'write', at: 0, length: FIXED, byte: 9 })
        for (const each of steps) {
          if (each.do === 'truncate' || (each.do !== 'flush' && each.at + each.length > FIXED)) continue
          take(window, each)
          model.take(each)
        }
        expectSame(window, model.bytes)
        expect(storage.size).toBe(size)
        const around = new Uint8Array(size)
        storage.readAt(0, around)
        expect([...around.subarray(0, start), ...around.subarray(start + FIXED)].every((byte) => byte === 9)).toBe(true)
      } finally {
        storage.close()
      }
    }),
    { numRuns: 25 },
  )
})
