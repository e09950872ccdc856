import { describe, expect, it } from 'vitest'
import { DeferredFlush } from '../../../../src/engine/io/deferred-flush.ts'
import { FaultPlan, FaultStorage, type FaultOptions } from '../../../../src/engine/io/fault.ts'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { TraceStorage } from '../../../../src/engine/io/trace.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

/** Which of a fixed row of calls fail, as their codes. */
function outcome(options: FaultOptions): { codes: string[]; fired: boolean; size: number } {
  const inner = new MemoryStorage('f')
  const storage = new FaultStorage(inner, options)
  const calls = [
    () => storage.writeAt(0, Uint8Array.of(1, 2)),
    () => storage.readAt(0, new Uint8Array(0)),
    () => storage.zeroAt(0, 4),
    () => storage.flush(),
    () => [...storage.extents(0, 0)],
    () => storage.truncate(9),
    () => storage.flush(),
  ]
  const codes = calls.map(codeOf)
  storage.close()
  return { codes, fired: storage.fired, size: inner.size }
}

describe('a storage made to fail', () => {
  it('fails at the n-th change, and only there', () => {
    const plan = new FaultPlan({ nth: 2 })
    const storage = new FaultStorage(new MemoryStorage('f'), plan)
    storage.writeAt(0, Uint8Array.of(1))
    expect(plan.fired).toBe(false)
    storage.readAt(0, new Uint8Array(1))
    expect(thrown(() => storage.truncate(5))).toMatchObject({ code: 'IO', where: { path: 'f', offset: 5 } })
    expect([plan.fired, storage.fired, storage.size]).toEqual([true, true, 1])
    storage.truncate(5)
    storage.flush()
    expect(storage.size).toBe(5)
  })

  it('fails at everything from then on, if the disk is gone', () => {
    expect(outcome({ nth: 2, gone: true })).toEqual({ codes: ['none', 'none', 'IO', 'IO', 'IO', 'IO', 'IO'], fired: true, size: 2 })
    expect(outcome({ nth: 1, kinds: ['flush'], gone: true, code: 'NO_SPACE' }).codes).toEqual([
      'none',
      'none',
      'none',
      'NO_SPACE',
      'NO_SPACE',
      'NO_SPACE',
      'NO_SPACE',
    ])
    expect(outcome({ nth: 2, kinds: ['read'], gone: true }).codes).toEqual(['none', 'none', 'none', 'none', 'IO', 'IO', 'IO'])
  })

  it('does not fail before its turn, and says that it did not', () => {
    expect(outcome({ nth: 6 })).toEqual({ codes: ['none', 'none', 'none', 'none', 'none', 'none', 'none'], fired: false, size: 9 })
    expect(outcome({ nth: 5, gone: true })).toMatchObject({ codes: ['none', 'none', 'none', 'none', 'none', 'none', 'IO'], fired: true })
  })

  it('shares its plan with every file of a system', () => {
    const plan = new FaultPlan({ nth: 3, code: 'NO_SPACE' })
    const files = wrapSystem(new MemorySystem(), (storage) => new FaultStorage(storage, plan))
    const [a, b] = [files.create('/a'), files.create('/b')]
    a.writeAt(0, Uint8Array.of(1))
    b.writeAt(0, Uint8Array.of(1))
    expect(thrown(() => a.flush()).code).toBe('NO_SPACE')
    b.flush()
  })
})

describe('a deferred flush', () => {
  it('comes once, when it is settled', () => {
    const trace = new TraceStorage(new MemoryStorage())
    const storage = new DeferredFlush(trace)
    storage.writeAt(0, Uint8Array.of(1))
    storage.flush()
    storage.writeAt(1, Uint8Array.of(2))
    storage.flush()
    expect(trace.calls.map((call) => call.kind)).toEqual(['write', 'write'])
    storage.settle()
    expect(trace.calls.map((call) => call.kind)).toEqual(['write', 'write', 'flush'])
  })
})
