import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countThere } from '../../../../src/engine/io/count-there.ts'

it('counts what is there with few questions, however many there are', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(20),
        fc.maxSafeNat().map((n) => Math.floor(n / 1024)),
      ),
      (count) => {
        let asked = 0
        const counted = countThere((index) => {
          asked++
          return index < count
        })
        expect(counted).toBe(count)
        expect(asked).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count + 1)) + 2)
      },
    ),
  )
})
