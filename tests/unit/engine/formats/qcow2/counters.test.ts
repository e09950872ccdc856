import { describe, expect, it } from 'vitest'
import { countersOf } from '../../../../../src/engine/formats/qcow2/counters.ts'
import { Random } from '../../../../fixtures/random.ts'

describe('reference counters', () => {
  it.each([1, 2, 4, 8, 16, 32, 64])('of %i bits hold every count without touching their neighbours', (bits) => {
    const counters = countersOf(bits)
    const view = new DataView(new ArrayBuffer(512))
    const model = new Array<number>(4096 / bits).fill(0)
    const random = new Random(bits)
    for (let i = 0; i < 500; i++) {
      const index = random.below(model.length)
      const count = random.below(8) === 0 ? counters.max : random.next() % (Math.min(counters.max, 2 ** 31) + 1)
      counters.set(view, index, count)
      model[index] = count
      expect(counters.get(view, index)).toBe(count)
    }
    expect(model.map((_, i) => counters.get(view, i))).toEqual(model)
  })

  it.each([1, 2, 4, 8, 16, 32, 64])('of %i bits are read in bulk as one by one, and told when all are one', (bits) => {
    const counters = countersOf(bits)
    const view = new DataView(new ArrayBuffer(1024))
    for (let i = 0; i < 128; i++) counters.set(view, i, 1)
    const some = new Float64Array(64)
    counters.read(view, 32, some)
    expect([...some]).toEqual(new Array(64).fill(1))
    if (bits < 64) expect(counters.areOne(view, 32, 64)).toBe(true)
    counters.set(view, 95, 0)
    counters.read(view, 32, some)
    expect(some[63]).toBe(0)
    expect([counters.areOne(view, 32, 64), counters.areOne(view, 0, 96)]).toEqual([false, false])
  })

  it('below eight bits are packed from the least significant bit', () => {
    const view = new DataView(new ArrayBuffer(8))
    countersOf(1).set(view, 0, 1)
    countersOf(1).set(view, 9, 1)
    expect([view.getUint8(0), view.getUint8(1)]).toEqual([1, 2])
  })
})
