import { describe, expect, it } from 'vitest'
import { StrataError } from '../../../../src/shared/errors.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 2 ** 20
const READ = { path: '/disk', count: 10, bufferSize: 4096, step: 4096, offset: 0, flushInterval: 0 }

function prepared() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: SIZE, overwrite: false }, context)
  const content = (): Uint8Array => {
    const disk = openDisk(platform, '/disk', context)
    const bytes = new Uint8Array(SIZE)
    disk.readAt(0, bytes)
    disk.close()
    return bytes
  }
  return { engine, content }
}

describe('bench', () => {
  it('reading changes nothing and takes some time', () => {
    const { engine, content } = prepared()
    const { seconds } = engine.bench({ ...READ, count: 300 }, context)
    expect(seconds).toBeGreaterThan(0)
    expect(content()).toEqual(new Uint8Array(SIZE))
  })

  it('writes where it says, and goes round at the end of the disk', () => {
    const { engine, content } = prepared()
    engine.bench(
      { ...READ, count: 3, bufferSize: 100, step: 200_000, offset: SIZE - 200, write: { pattern: 7 }, flushInterval: 2 },
      context,
    )
    const expected = new Uint8Array(SIZE)
    for (const at of [SIZE - 200, 199_800, 399_800]) expected.fill(7, at, at + 100)
    expect(content()).toEqual(expected)
  })

  it('refuses requests that reach past the end, and what is no number', () => {
    const { engine } = prepared()
    expect(codeOf(() => engine.bench({ ...READ, offset: SIZE }, context))).toBe('OUT_OF_RANGE')
    expect(codeOf(() => engine.bench({ ...READ, bufferSize: SIZE + 1 }, context))).toBe('OUT_OF_RANGE')
    for (const wrong of [{ count: -1 }, { bufferSize: 2 ** 31 }, { step: 0.5 }, { offset: NaN }])
      expect(codeOf(() => engine.bench({ ...READ, ...wrong }, context))).toBe('INVALID_ARGUMENT')
  })

  it('stops when it is told to', () => {
    const { engine } = prepared()
    let looks = 0
    const job = {
      checkpoint() {
        if (++looks === 5) throw new StrataError('CANCELLED', 'Cancelled')
      },
      report() {},
    }
    expect(codeOf(() => engine.bench({ ...READ, count: 1000 }, { ...context, job }))).toBe('CANCELLED')
    expect(looks).toBe(5)
  })
})
