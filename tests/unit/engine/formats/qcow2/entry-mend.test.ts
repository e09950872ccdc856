import { describe, expect, it } from 'vitest'
import { entryFault, isPacked, packedPlace, usualEntry } from '../../../../../src/engine/formats/qcow2/entry-faults.ts'
import { type L2Words, mendedL1, mendedL2 } from '../../../../../src/engine/formats/qcow2/entry-mend.ts'
import { hostOf, l1Fault } from '../../../../../src/engine/formats/qcow2/entry.ts'
import { type Geometry, geometryOf } from '../../../../../src/engine/formats/qcow2/geometry.ts'
import { Random } from '../../../../fixtures/random.ts'

const FILE = 4 * 2 ** 30
const GUEST = 7 * 65536

const GEOMETRIES: [name: string, geometry: Geometry][] = [
  ['version 2', geometryOf({ version: 2, clusterBits: 16, refcountOrder: 4 })],
  ['version 3', geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4 })],
  ['extended entries', geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4, extendedL2: true })],
  ['a data file', geometryOf({ version: 3, clusterBits: 16, refcountOrder: 4, external: true })],
]

/** Words of every kind: random ones, and random ones with most bits of an offset as they should be. */
function words(random: Random, geometry: Geometry): L2Words {
  if (geometry.external && random.below(2) === 0) return { high: 0x80000000, low: GUEST, zeros: 0, allocated: 0 }
  const wild = random.below(3) === 0
  const high = wild ? random.next() : ((random.below(4) << 30) | (random.below(2) * 2 ** random.below(30))) >>> 0
  const low = wild ? random.next() : random.below(FILE / 65536) * 65536 + random.below(2) * 2 ** random.below(16)
  const masks = random.below(3) === 0 ? [random.next(), random.next()] : [0xffff0000, 0x0000ffff]
  return { high, low, zeros: geometry.extendedL2 ? masks[0]! : 0, allocated: geometry.extendedL2 ? masks[1]! : 0 }
}

describe.each(GEOMETRIES)('An entry that is mended, with %s,', (_name, geometry) => {
  const place = { geometry, guest: GUEST, fileSize: FILE, zeros: undefined }
  const faultOf = ({ high, low, zeros, allocated }: L2Words) => entryFault(high, low, geometry, zeros, allocated, GUEST)

  it('has no fault left, leads into the file, and is mended once and for all', () => {
    const random = new Random(11)
    for (let i = 0; i < 20_000; i++) {
      const broken = words(random, geometry)
      const mended = mendedL2(broken, place)
      const what = JSON.stringify({ broken, mended })
      expect(faultOf(mended), what).toBeUndefined()
      expect(mendedL2(mended, place), what).toEqual(mended)
      if (geometry.external) continue
      if (isPacked(mended.high)) expect(packedPlace(mended.high, mended.low, geometry).host, what).toBeLessThan(FILE + geometry.clusterSize)
      else expect(hostOf(mended.high, mended.low), what).toBeLessThan(FILE)
    }
  })

  it('stays as it is where it was sound and inside the file', () => {
    const random = new Random(12)
    let sound = 0
    for (let i = 0; i < 20_000; i++) {
      const entry = words(random, geometry)
      const { host, length } = packedPlace(entry.high, entry.low, geometry)
      const end = isPacked(entry.high) ? host + length : hostOf(entry.high, entry.low) + geometry.clusterSize
      if (faultOf(entry) !== undefined || (!geometry.external && end > FILE)) continue
      sound++
      expect(mendedL2(entry, place)).toEqual(entry)
    }
    expect(sound).toBeGreaterThan(500)
  })
})

it('A cluster past the end of the file is a cluster of zeros where there is one to name', () => {
  const geometry = GEOMETRIES[0]![1]
  const far = { high: 0x80000100, low: 0x10000, zeros: 0, allocated: 0 }
  const place = { geometry, guest: 0, fileSize: FILE }
  expect(mendedL2(far, { ...place, zeros: 0x50000 })).toEqual({ high: 0, low: 0x50000, zeros: 0, allocated: 0 })
  expect(mendedL2(far, { ...place, zeros: undefined })).toEqual({ high: 0, low: 0, zeros: 0, allocated: 0 })
})

it('A subcluster that is both allocated and zero is zero, and its neighbours keep their bytes', () => {
  const [, geometry] = GEOMETRIES[2]!
  const mended = mendedL2(
    { high: 0x80000000, low: 0x10000, zeros: 0b0110, allocated: 0b0011 },
    { geometry, guest: 0, fileSize: FILE, zeros: undefined },
  )
  expect(mended).toEqual({ high: 0x80000000, low: 0x10000, zeros: 0b0110, allocated: 0b0001 })
})

it('An L1 entry loses reserved bits, and leads nowhere if it leads outside the file or between clusters', () => {
  const [, geometry] = GEOMETRIES[1]!
  expect(mendedL1(0xff000000, 0x101ff, geometry, FILE)).toEqual({ high: 0x80000000, low: 0x10000 })
  for (const [high, low] of [
    [0x80000000, 0x10200],
    [0x80000001, 0x10000],
    [0x80000000, 0],
  ] as const)
    expect(mendedL1(high, low, geometry, FILE)).toEqual({ high: 0, low: 0 })
  const random = new Random(4)
  for (let i = 0; i < 5000; i++) {
    const { high, low } = mendedL1(random.next(), random.next(), geometry, FILE)
    expect(l1Fault(high, low, geometry)).toBeUndefined()
  }
})

it('The quick test for usual entries lets nothing else through, at any cluster size', () => {
  const random = new Random(8)
  for (let clusterBits = 9; clusterBits <= 21; clusterBits++) {
    const geometry = geometryOf({ version: 3, clusterBits, refcountOrder: 4 })
    const usual = usualEntry(geometry)
    let passed = 0
    for (let i = 0; i < 3000; i++) {
      const cluster = random.below(2 ** 31)
      const host = cluster * geometry.clusterSize
      const high = (Math.floor(host / 2 ** 32) | (random.below(2) * 0x80000000) | (random.below(3) === 0 ? random.next() : 0)) >>> 0
      const low = (host % 2 ** 32) + (random.below(3) === 0 ? random.below(geometry.clusterSize) : 0)
      if ((high & usual.highZero) !== 0 || (low & usual.lowZero) !== 0) continue
      passed++
      expect(entryFault(high, low, geometry, 0, 0, 0)).toBeUndefined()
      expect(isPacked(high)).toBe(false)
      const found = ((high << usual.highShift) | (low >>> usual.lowShift)) & 0x7fffffff
      expect(found * geometry.clusterSize).toBe(hostOf(high, low))
    }
    expect(passed).toBeGreaterThan(500)
  }
})
