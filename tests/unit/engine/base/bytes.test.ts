import { describe, expect, it } from 'vitest'
import { isZero } from '../../../../src/engine/base/bytes.ts'

describe('isZero', () => {
  it('sees a single byte anywhere, whatever the alignment and length', () => {
    for (let start = 0; start < 8; start++)
      for (const length of [0, 1, 3, 4, 31, 32, 33, 100, 512]) {
        const bytes = new Uint8Array(new ArrayBuffer(600), start, length)
        expect(isZero(bytes)).toBe(true)
        for (let at = 0; at < length; at++) {
          bytes[at] = 0x80
          expect(isZero(bytes), `byte ${at} of ${length} from ${start}`).toBe(false)
          bytes[at] = 0
        }
      }
  })

  it('looks only at its own bytes', () => {
    const all = new Uint8Array(64).fill(1)
    all.fill(0, 5, 50)
    expect(isZero(all.subarray(5, 50))).toBe(true)
    expect(isZero(all.subarray(4, 50))).toBe(false)
    expect(isZero(all.subarray(5, 51))).toBe(false)
  })
})
