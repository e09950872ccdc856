import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import type { Compat } from '../../src/shared/model.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { TraceStorage } from '../../src/engine/io/trace.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const CLUSTER = 512
const SIZE = CLUSTER * 200

/** A disk with data in half of its clusters. */
function sound(compat: Compat): MemoryStorage {
  const storage = new MemoryStorage('image')
  const options = { ...DEFAULT_OPTIONS, clusterSize: CLUSTER, compat }
  const disk = new Disk('image', qcow2.create({ storage, ...portable, size: SIZE, options }))
  const random = new Random(5)
  for (let at = 0; at < SIZE; at += CLUSTER * 4) disk.writeAt(at, random.bytes(CLUSTER * 2))
  disk.flush()
  return storage
}

interface Places {
  l1: number
  l2: number
  table: number
  block: number
}

function placesOf(storage: MemoryStorage): Places {
  const u64 = (at: number): number => {
    const bytes = new Uint8Array(8)
    storage.readAt(at, bytes)
    return Number(new DataView(bytes.buffer).getBigUint64(0) & 0x00ffffffffffffffn)
  }
  const [l1, table] = [u64(40), u64(48)]
  return { l1, l2: u64(l1), table, block: u64(table) }
}

const entry = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}
const OWN = 1n << 63n

const DAMAGES: [what: string, damage: (storage: MemoryStorage, places: Places) => void][] = [
  ['leaks', (storage, { block }) => storage.writeAt(block + 20, Uint8Array.of(0, 3, 0, 2, 0, 9))],
  ['counts that are too low', (storage, { block }) => storage.writeAt(block + 20, new Uint8Array(12))],
  [
    'one cluster in two places',
    (storage, { l2 }) => {
      const first = new Uint8Array(8)
      storage.readAt(l2, first)
      storage.writeAt(l2 + 4 * 8, first)
    },
  ],
  ['a refcount block that is nowhere', (storage, { table }) => storage.writeAt(table, entry(OWN >> 8n))],
  ['a refcount table that is nowhere', (storage) => storage.writeAt(48, entry(1n << 40n))],
  [
    'reserved bits all over',
    (storage, { l2 }) => {
      for (let i = 0; i < 60; i += 7) storage.writeAt(l2 + i * 8, Uint8Array.of(0x3f | 0x80))
    },
  ],
  [
    'entries that lead past the end',
    (storage, { l2 }) => {
      for (let i = 2; i < 60; i += 9) storage.writeAt(l2 + i * 8, entry(OWN | BigInt(storage.size + i * CLUSTER)))
    },
  ],
  ['an L2 table that is the refcount block', (storage, { l1, block }) => storage.writeAt(l1 + 8, entry(OWN | BigInt(block)))],
  ['an L2 table that is the L1 table', (storage, { l1 }) => storage.writeAt(l1 + 16, entry(OWN | BigInt(l1)))],
  ['data in the place of the refcount table', (storage, { l2, table }) => storage.writeAt(l2 + 16, entry(OWN | BigInt(table)))],
  ['a file cut short', (storage) => storage.truncate(Math.floor(storage.size * 0.6))],
]

/** The guest's clusters; undefined for one that can't be read. */
function contentOf(image: MemoryStorage): (Uint8Array | undefined)[] {
  let disk: Disk
  try {
    disk = new Disk('image', qcow2.open({ storage: image, ...portable, writable: false }))
  } catch (error) {
    if (error instanceof StrataError) return []
    throw error
  }
  return Array.from({ length: SIZE / CLUSTER }, (_, i) => {
    const bytes = new Uint8Array(CLUSTER)
    try {
      disk.readAt(i * CLUSTER, bytes)
      return bytes
    } catch (error) {
      if (error instanceof StrataError) return undefined
      throw error
    }
  })
}

function repair(storage: MemoryStorage | TraceStorage) {
  return qcow2.open({ storage, ...portable, writable: true, repair: true }).check!.repair!('all', unwatched)
}

/** The first cluster that could be read before and has other bytes now. */
function lost(before: (Uint8Array | undefined)[], now: (Uint8Array | undefined)[]): number | undefined {
  const at = before.findIndex((bytes, i) => bytes && (!now[i] || Buffer.compare(bytes, now[i]) !== 0))
  return at < 0 ? undefined : at
}

describe('a power cut while an image is mended', () => {
  const cases = (['0.10', '1.1'] as Compat[]).flatMap((compat) => DAMAGES.map(([what, damage]) => ({ compat, what, damage })))
  it.each(cases)('that has $what (compat $compat) leaves all that could be read, and the next repair ends clean', ({ compat, damage }) => {
    const damaged = sound(compat)
    const written = contentOf(damaged)
    damage(damaged, placesOf(damaged))
    // Where the damage makes a table pass for data, what is read is the table, which is mended.
    const before = contentOf(damaged).map((bytes, i) => (bytes && Buffer.compare(bytes, written[i]!) === 0 ? bytes : undefined))
    const traced = new TraceStorage(damaged.clone())
    const report = repair(traced)
    expect(report.findings).toEqual([])
    expect((report.corruptionsFixed ?? 0) + (report.leaksFixed ?? 0)).toBeGreaterThan(0)
    const after = contentOf(traced.afterCrash({ choose: () => true }))
    expect(lost(before, after)).toBeUndefined()
    let cuts = 0
    for (let upTo = 0; upTo <= traced.calls.length; upTo++) {
      if (traced.calls[upTo]?.kind === 'read') continue
      const ways = [
        { choose: () => true },
        { choose: (index: number) => (index * 7 + upTo) % 3 !== 0 },
        { choose: () => true, tear: (index: number, sector: number) => (index * 31 + sector * 17) % 3 !== 0 },
      ]
      for (const way of ways) {
        const image = traced.afterCrash({ upTo, ...way })
        expect(lost(before, contentOf(image)), `cut at ${upTo}`).toBeUndefined()
        const second = repair(image)
        expect([second.corruptions, second.leaks, second.checkErrors], `cut at ${upTo}`).toEqual([0, 0, 0])
        expect(lost(before, contentOf(image)), `cut at ${upTo}, mended`).toBeUndefined()
        cuts++
      }
    }
    expect(cuts).toBeGreaterThan(3)
  })
})
