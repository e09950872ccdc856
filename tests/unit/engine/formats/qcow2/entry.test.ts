import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  carries,
  decodeL2,
  kindOf,
  l2Fault,
  packedLimit,
  putL1,
  putL2,
  withData,
  withZeros,
  type L2Entry,
} from '../../../../../src/engine/formats/qcow2/entry.ts'
import { geometryOf } from '../../../../../src/engine/formats/qcow2/geometry.ts'

const view = new DataView(new ArrayBuffer(8))
const anyGeometry = fc.integer({ min: 9, max: 21 }).map((bits) => geometryOf({ version: 3, clusterBits: bits, refcountOrder: 4 }))

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
    const geometry = geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4 })
    expect(roundTrip({ is: 'hole' }, geometry)).toEqual({ is: 'hole' })
    expect(roundTrip({ is: 'zero', host: undefined, exclusive: false }, geometry)).toEqual({
      is: 'zero',
      host: undefined,
      exclusive: false,
    })
    expect(kindOf(0, 0, false)).toBe('hole')
    expect(kindOf(0x80000000, 0, true)).toBe('data')
    expect(kindOf(0x40000000, 0, false)).toBe('packed')
  })

  it('are found impossible where reserved bits are set, the place is odd, or version 2 has a zero flag', () => {
    const geometry = geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4 })
    expect(l2Fault(0x01000000, 0x50000, geometry)).toMatch(/reserved/)
    expect(l2Fault(0, 0x50002, geometry)).toMatch(/reserved/)
    expect(l2Fault(0, 0x50200, geometry)).toMatch(/boundary/)
    expect(l2Fault(0, 1, geometryOf({ version: 2, clusterBits: 16, refcountOrder: 4 }))).toMatch(/version 2/)
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

describe('extended L2 entries', () => {
  const geometry = geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4, extendedL2: true })
  const wide = new DataView(new ArrayBuffer(16))
  const back = (entry: L2Entry): L2Entry => {
    putL2(wide, 0, entry, geometry)
    const [high, low, zeros, allocated] = [0, 4, 8, 12].map((at) => wide.getUint32(at)) as [number, number, number, number]
    expect(l2Fault(high, low, geometry, zeros, allocated)).toBeUndefined()
    return decodeL2(high, low, geometry, zeros, allocated)
  }

  it('come back as they were put, the plainest way', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.boolean(), (mask, zeroMask, exclusive) => {
        const allocated = mask
        const zeros = (zeroMask & ~mask) >>> 0
        const entry = back({ is: 'split', host: 0x50000, exclusive, allocated, zeros })
        if (allocated === 0xffffffff) expect(entry).toEqual({ is: 'data', host: 0x50000, exclusive })
        else if (zeros === 0xffffffff) expect(entry).toEqual({ is: 'zero', host: 0x50000, exclusive })
        else expect(entry).toEqual({ is: 'split', host: 0x50000, exclusive, allocated, zeros })
      }),
    )
    expect(back({ is: 'hole' })).toEqual({ is: 'hole' })
    expect(back({ is: 'packed', host: 0x50010, length: 1000 })).toEqual({ is: 'packed', host: 0x50010, length: 1008 })
  })

  it('take written and zeroed subclusters one by one, and give up their cluster with the last written one', () => {
    const unit = 2048
    const first = withData({ is: 'hole' }, 0x50000, 0, unit, geometry)
    expect(first).toEqual({ is: 'split', host: 0x50000, exclusive: true, allocated: 1, zeros: 0 })
    const last = withData(first, 0x50000, 31 * unit, 32 * unit, geometry)
    expect(last).toEqual({ is: 'split', host: 0x50000, exclusive: true, allocated: 0x80000001, zeros: 0 })
    const zeroed = withZeros(last as Exclude<L2Entry, { is: 'packed' }>, 0, 31 * unit, geometry)
    expect(zeroed).toEqual({ is: 'split', host: 0x50000, exclusive: true, allocated: 0x80000000, zeros: 0x7fffffff })
    const none = withZeros(zeroed as Exclude<L2Entry, { is: 'packed' }>, 31 * unit, 32 * unit, geometry)
    expect(none).toEqual({ is: 'zero', host: undefined, exclusive: false })
    expect(carries(zeroed)).toBe(true)
    expect(carries(none)).toBe(false)
    expect(withData(zeroed, 0x50000, 0, 32 * unit, geometry)).toEqual({ is: 'data', host: 0x50000, exclusive: true })
  })

  it('are found impossible where a subcluster is both, has no cluster, or belongs to a packed one', () => {
    expect(l2Fault(0x80000000, 0x50000, geometry, 1, 1)).toMatch(/both/)
    expect(l2Fault(0, 0, geometry, 0, 1)).toMatch(/no cluster/)
    expect(l2Fault(0x40000000, 0x50000, geometry, 1, 0)).toMatch(/subclusters/)
  })
})
