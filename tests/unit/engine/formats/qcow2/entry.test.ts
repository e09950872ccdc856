import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeL2, kindOf, l2Fault, packedLimit, putL1, putL2, type L2Entry } from '../../../../../src/engine/formats/qcow2/entry.ts'
import { geometryOf } from '../../../../../src/engine/formats/qcow2/geometry.ts'

const view = new DataView(new ArrayBuffer(8))
const anyGeometry = fc.integer({ min: 9, max: 21 }).map((bits) => geometryOf(3, bits, 4))

function roundTrip(entry: L2Entry, geometry: ReturnType<typeof geometryOf>): L2Entry {
  putL2(view, 0, entry, geometry)
  return decodeL2(view.getUint32(0), view.getUint32(4), geometry)
}

describe('L2 entries', () => {
  it('come back as they were put, for every cluster size and host offset below 2^53', () => {
    fc.assert(
      fc.property(
        anyGeometry,
        fc.nat(2 ** 31 - 1),
        fc.boolean(),
        fc.constantFrom('data' as const, 'zero' as const),
        (geometry, n, exclusive, is) => {
          const host = (n + 1) * geometry.clusterSize
          const entry: L2Entry = { is, host, exclusive }
          expect(roundTrip(entry, geometry)).toEqual(entry)
          expect(l2Fault(view.getUint32(0), view.getUint32(4), geometry)).toBeUndefined()
        },
      ),
    )
  })

  it('of compressed clusters keep their offset and reach to the end of their last sector', () => {
    fc.assert(
      fc.property(anyGeometry, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (geometry, share, n) => {
        const limit = Math.min(packedLimit(geometry), 2 ** 53)
        const host = Math.floor(share * (limit - geometry.clusterSize * 2))
        const length = 1 + (n % (geometry.clusterSize - 1))
        const back = roundTrip({ is: 'packed', host, length }, geometry)
        expect(back).toEqual({ is: 'packed', host, length: Math.ceil(((host % 512) + length) / 512) * 512 - (host % 512) })
      }),
    )
  })

  it('tell holes, plain zeros and data apart', () => {
    const geometry = geometryOf(3, 16, 4)
    expect(roundTrip({ is: 'hole' }, geometry)).toEqual({ is: 'hole' })
    expect(roundTrip({ is: 'zero', host: undefined, exclusive: false }, geometry)).toEqual({
      is: 'zero',
      host: undefined,
      exclusive: false,
    })
    expect(kindOf(0, 0)).toBe('hole')
    expect(kindOf(0x40000000, 0)).toBe('packed')
  })

  it('are found impossible where reserved bits are set, the place is odd, or version 2 has a zero flag', () => {
    const geometry = geometryOf(3, 16, 4)
    expect(l2Fault(0x01000000, 0x50000, geometry)).toMatch(/reserved/)
    expect(l2Fault(0, 0x50002, geometry)).toMatch(/reserved/)
    expect(l2Fault(0, 0x50200, geometry)).toMatch(/boundary/)
    expect(l2Fault(0, 1, geometryOf(2, 16, 4))).toMatch(/version 2/)
    expect(l2Fault(0xc0000000, 0x50000, geometry)).toMatch(/compressed/)
    expect(l2Fault(0x80000000, 0x50000, geometry)).toBeUndefined()
  })
})

describe('L1 entries', () => {
  it('mark their table as exclusively owned', () => {
    putL1(view, 0, 0x30000)
    expect([view.getUint32(0), view.getUint32(4)]).toEqual([0x80000000, 0x30000])
    putL1(view, 0, 0)
    expect([view.getUint32(0), view.getUint32(4)]).toEqual([0, 0])
  })
})
