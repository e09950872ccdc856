import { describe, expect, it } from 'vitest'
import { MarkedRanges } from '../../../../../src/engine/formats/qcow2/marked-ranges.ts'
import { Random } from '../../../../fixtures/random.ts'

const TIB = 2 ** 40

describe('marked ranges', () => {
  it('are whole units, and are found again within any range', () => {
    const random = new Random(3)
    const units = 200_000
    const marks = new MarkedRanges(512)
    const model = new Array<boolean>(units).fill(false)
    for (let i = 0; i < 60; i++) {
      const at = random.below(units * 512)
      const length = Math.min(units * 512 - at, random.length(40_000_000))
      marks.mark(at, length)
      model.fill(true, Math.floor(at / 512), Math.floor((at + length - 1) / 512) + 1)
      const start = random.below(units) * 512
      const end = Math.min(units * 512, start + random.length(2 ** 26))
      const found = new Array<boolean>(units).fill(false)
      for (const range of marks.within(start, end)) {
        expect(range.at).toBeGreaterThanOrEqual(start)
        expect(range.at + range.length).toBeLessThanOrEqual(end)
        found.fill(true, Math.floor(range.at / 512), Math.ceil((range.at + range.length) / 512))
      }
      const expected = model.map((bit, unit) => bit && unit >= Math.floor(start / 512) && unit < Math.ceil(end / 512))
      expect(found.every((bit, unit) => bit === expected[unit])).toBe(true)
    }
  })

  it('take no memory where they are whole, and little elsewhere', () => {
    const marks = new MarkedRanges(65536)
    marks.mark(0, 1024 * TIB)
    expect(marks.bytes).toBe(0)
    expect([...marks.within(TIB + 1, TIB + 3)]).toEqual([{ at: TIB + 1, length: 2 }])
    marks.clear()
    expect(marks.isEmpty).toBe(true)
    for (let i = 0; i < 1000; i++) marks.mark(i * TIB, 1)
    expect(marks.bytes).toBeLessThan(5 * 2 ** 20)
    for (let unit = 0; unit < 2 ** 15; unit++) marks.mark(unit * 65536, 65536)
    expect([...marks.within(0, TIB)]).toEqual([{ at: 0, length: 2 ** 31 }])
  })
})
