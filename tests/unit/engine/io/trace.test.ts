import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FaultStorage } from '../../../../src/engine/io/fault.ts'
import { MemoryStorage } from '../../../../src/engine/io/memory.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { TraceStorage } from '../../../../src/engine/io/trace.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const all = (): boolean => true
const none = (): boolean => false

function bytesOf(storage: Storage): number[] {
  const into = new Uint8Array(storage.size)
  storage.readAt(0, into)
  return [...into]
}

/** Five bytes, then: 0 write, 1 flush, 2 write, 3 zero, 4 truncate, 5 flush, 6 write. */
function traced(): TraceStorage {
  const trace = new TraceStorage(new MemoryStorage('x', Uint8Array.of(1, 1, 1, 1, 1)))
  trace.writeAt(0, Uint8Array.of(2))
  trace.flush()
  trace.writeAt(1, Uint8Array.of(3))
  trace.zeroAt(2, 1)
  trace.truncate(4)
  trace.flush()
  trace.writeAt(4, Uint8Array.of(7))
  return trace
}

describe('a trace', () => {
  it('holds every call in order, with copies of what was written', () => {
    const trace = new TraceStorage(new MemoryStorage())
    const bytes = Uint8Array.of(1, 2)
    trace.writeAt(3, bytes)
    bytes.fill(9)
    trace.readAt(0, new Uint8Array(5))
    trace.zeroAt(1, 2)
    trace.truncate(4)
    trace.flush()
    expect(trace.calls).toEqual([
      { kind: 'write', at: 3, length: 2, bytes: Uint8Array.of(1, 2) },
      { kind: 'read', at: 0, length: 5 },
      { kind: 'zero', at: 1, length: 2 },
      { kind: 'truncate', size: 4 },
      { kind: 'flush' },
    ])
  })

  it('holds no call that failed', () => {
    const trace = new TraceStorage(new FaultStorage(new MemoryStorage(), { nth: 1 }))
    expect(thrown(() => trace.writeAt(0, Uint8Array.of(1))).code).toBe('IO')
    expect(trace.calls).toEqual([])
  })
})

describe('after a power cut', () => {
  it('everything is there that was flushed, and of the rest what is chosen', () => {
    const trace = traced()
    const after = (upTo: number, choose: (index: number) => boolean): number[] => bytesOf(trace.afterCrash({ upTo, choose }))
    expect(after(0, all)).toEqual([1, 1, 1, 1, 1])
    expect(after(1, none)).toEqual([1, 1, 1, 1, 1])
    expect(after(1, all)).toEqual([2, 1, 1, 1, 1])
    expect(after(2, none)).toEqual([2, 1, 1, 1, 1])
    expect(after(5, none)).toEqual([2, 1, 1, 1, 1])
    expect(after(5, (index) => index === 3)).toEqual([2, 1, 0, 1, 1])
    expect(after(5, (index) => index !== 3)).toEqual([2, 3, 1, 1])
    expect(after(6, none)).toEqual([2, 3, 0, 1])
    expect(after(7, all)).toEqual([2, 3, 0, 1, 7])
    expect(bytesOf(trace.afterCrash({ choose: all }))).toEqual(bytesOf(trace))
    expect(after(2, none)).toEqual([2, 1, 1, 1, 1])
  })

  it('the result is a file of its own', () => {
    const trace = traced()
    trace.afterCrash({ choose: all }).writeAt(0, new Uint8Array(4).fill(9))
    trace.afterCrash({ choose: none }).writeAt(0, new Uint8Array(4).fill(9))
    expect(bytesOf(trace)).toEqual([2, 3, 0, 1, 7])
    expect(bytesOf(trace.afterCrash({ choose: none }))).toEqual([2, 3, 0, 1])
  })

  it('a write may be there in part, sector by sector of the disk', () => {
    const trace = new TraceStorage(new MemoryStorage('x', new Uint8Array(2048)))
    trace.writeAt(500, new Uint8Array(1100).fill(1))
    const disk = bytesOf(trace.afterCrash({ choose: all, tear: (_index, sector) => sector % 2 === 1 }))
    const ones = disk.flatMap((byte, at) => (byte === 1 ? [at] : []))
    expect([ones[0], ones.at(-1), ones.length]).toEqual([512, 1599, 512 + 64])
    expect(disk.slice(1024, 1536).every((byte) => byte === 0)).toBe(true)
  })

  it('calls of a handle on a file count from what the file held', () => {
    const files = new MemorySystem()
    const storage = files.create('/a')
    storage.truncate(2 ** 30)
    storage.writeAt(2 ** 29, Uint8Array.of(5))
    const trace = new TraceStorage(storage)
    trace.writeAt(0, Uint8Array.of(6))
    const disk = trace.afterCrash({ choose: none })
    const into = new Uint8Array(1)
    disk.readAt(2 ** 29, into)
    expect([disk.size, into[0], disk.allocated]).toEqual([2 ** 30, 5, 4096])
  })

  it('looking at the moments in any order gives the same', () => {
    const call = fc.oneof(
      fc.record({ at: fc.nat(40), length: fc.integer({ min: 1, max: 20 }), byte: fc.integer({ min: 1, max: 255 }) }),
      fc.constant('flush' as const),
      fc.nat(60),
    )
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), fc.array(fc.nat(12), { maxLength: 6 }), fc.nat(4095), (calls, moments, chosen) => {
        const make = (): TraceStorage => {
          const trace = new TraceStorage(new MemoryStorage('x', new Uint8Array(30).fill(1)))
          for (const each of calls) {
            if (each === 'flush') trace.flush()
            else if (typeof each === 'number') trace.truncate(each)
            else trace.writeAt(each.at, new Uint8Array(each.length).fill(each.byte))
          }
          return trace
        }
        const shared = make()
        const choose = (index: number): boolean => ((chosen >> index) & 1) === 1
        for (const upTo of moments)
          expect(bytesOf(shared.afterCrash({ upTo, choose }))).toEqual(bytesOf(make().afterCrash({ upTo, choose })))
      }),
    )
  })
})
