import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { Essiv, plain, plain64 } from '../../../../src/engine/crypto/ivgen.ts'

/** The vectors of a sector below 2^32, two below it, and those behind it. */
function vectors(generator: { fill(sector: number, ivs: Int32Array): void }): number[][] {
  const ivs = new Int32Array(12).fill(-1)
  generator.fill(2 ** 32 - 2, ivs)
  return [0, 4, 8].map((at) => [...ivs.subarray(at, at + 4)])
}

describe('initialisation vectors', () => {
  it('of plain64 are the sector in 64 bits, then zeros', () => {
    expect(vectors(plain64)).toEqual([
      [-2, 0, 0, 0],
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
    ])
  })

  it('of plain are the sector in 32 bits, and begin again', () => {
    expect(vectors(plain)).toEqual([
      [-2, 0, 0, 0],
      [-1, 0, 0, 0],
      [0, 0, 0, 0],
    ])
  })

  it('of essiv are those of plain64, encrypted under the hash of the key', () => {
    const key = new Uint8Array(32).fill(3)
    const expected = new Int32Array(12)
    plain64.fill(2 ** 32 - 2, expected)
    nodeCrypto.aes(nodeCrypto.hash('sha256', key)).encrypt(new Uint8Array(expected.buffer))
    expect(vectors(new Essiv(key, 'sha256', nodeCrypto)).flat()).toEqual([...expected])
  })
})
