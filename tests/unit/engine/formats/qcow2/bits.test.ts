import { describe, expect, it } from 'vitest'
import { bitRuns, clearBitsFrom, setBits } from '../../../../../src/engine/formats/qcow2/bits.ts'
import { Random } from '../../../../fixtures/random.ts'

const COUNT = 203
const bytesFor = (bits: boolean[]): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  bits.forEach((bit, i) => (bytes[i >> 3]! |= bit ? 1 << (i & 7) : 0))
  return bytes
}

describe('bits of a bitmap', () => {
  it('are set and cleared in ranges, the lowest of a byte first', () => {
    const random = new Random(11)
    for (let round = 0; round < 300; round++) {
      const model = Array.from({ length: 208 }, () => random.below(3) === 0)
      const bytes = bytesFor(model)
      const from = random.below(COUNT)
      const to = from + 1 + random.below(COUNT - from)
      setBits(bytes, from, to)
      model.fill(true, from, to)
      expect(bytes).toEqual(bytesFor(model))
      const cut = random.below(220)
      clearBitsFrom(bytes, cut)
      model.fill(false, Math.min(cut, model.length))
      expect(bytes, `cleared from ${cut}`).toEqual(bytesFor(model))
    }
  })

  it('are found as runs, none past the count', () => {
    const random = new Random(5)
    for (let round = 0; round < 300; round++) {
      const often = 1 + random.below(40)
      let bit = false
      const model = Array.from({ length: 208 }, () => (bit = random.below(often) === 0 ? !bit : bit))
      const found = new Array<boolean>(208).fill(false)
      let last = -1
      for (const { from, to } of bitRuns(bytesFor(model), COUNT)) {
        expect(from).toBeGreaterThan(last)
        expect(to).toBeGreaterThan(from)
        found.fill(true, from, to)
        last = to
      }
      expect(found).toEqual(model.fill(false, COUNT))
    }
  })
})
