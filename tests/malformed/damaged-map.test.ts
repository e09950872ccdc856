import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { portableDeflate } from '../../src/engine/codec/deflate.portable.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import type { GateRule } from '../../src/engine/io/gate.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { check } from '../../src/engine/operations/check.ts'
import { create } from '../../src/engine/operations/create.ts'
import { Random } from '../fixtures/random.ts'
import { portable } from '../fixtures/platform.ts'

const gate: GateRule = { kind: 'follow' }
const CLUSTER = 4096
const SIZE = CLUSTER * 64

/** An image with plain and packed clusters, its bytes, and where its tables are. */
function image() {
  const platform = { files: new MemorySystem(), ...portable }
  create(
    platform,
    { path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER }, overwrite: false },
    { gate, job: unwatched },
    { staged() {}, settled() {} },
  )
  const disk = openDisk(platform, '/disk', { gate, writable: true })
  disk.writeAt(0, new Random(1).bytes(CLUSTER * 8))
  disk.writePacked(CLUSTER * 10, portableDeflate.pack(new Random(2).text(CLUSTER))!)
  disk.close()
  const storage = platform.files.open('/disk', true)
  const bytes = new Uint8Array(storage.size)
  storage.readAt(0, bytes)
  const view = new DataView(bytes.buffer)
  const l1 = view.getUint32(44)
  const l2 = view.getUint32(l1 + 4)
  const refcountTable = view.getUint32(52)
  return { platform, storage, bytes, l1, l2, refcountTable, block: view.getUint32(refcountTable + 4) }
}

type Image = ReturnType<typeof image>

function entry(high: number, low: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, high)
  new DataView(bytes.buffer).setUint32(4, low)
  return bytes
}

function bytesOf(words: number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  words.forEach((word, i) => new DataView(bytes.buffer).setUint32(i * 4, word))
  return bytes
}

const DAMAGE: [what: string, at: (image: Image) => number, bytes: Uint8Array][] = [
  ['an L2 table past the end of the file', ({ l1 }) => l1, entry(0x80000000, 0x7ffff000)],
  ['an L2 table between clusters', ({ l1 }) => l1, entry(0x80000000, 0x4200)],
  ['reserved bits in an L1 entry', ({ l1 }) => l1, entry(0x81000000, 0x5000)],
  ['data past the end of the file', ({ l2 }) => l2, entry(0x80000000, 0x7ffff000)],
  ['data between clusters', ({ l2 }) => l2, entry(0x80000000, 0x6200)],
  ['reserved bits in an L2 entry', ({ l2 }) => l2, entry(0x81000000, 0x6000)],
  ['a packed cluster past the end of the file', ({ l2 }) => l2, entry(0x40000000, 0x7ffff000)],
  ['a packed cluster that claims to be exclusive', ({ l2 }) => l2, entry(0xc0000000, 0x6000)],
]

describe('a damaged map', () => {
  it.each(DAMAGE)('%s: reading says so with the place, check finds it, and the file stays as it is', (_what, at, bytes) => {
    const damaged = image()
    damaged.storage.writeAt(at(damaged), bytes)
    const error = thrown(() => {
      const disk = openDisk(damaged.platform, '/disk', { gate })
      disk.readAt(0, new Uint8Array(CLUSTER))
    })
    expect(error?.code).toBe('CORRUPT')
    expect(error?.where).toMatchObject({ path: '/disk', offset: expect.any(Number) as number, field: expect.any(String) as string })
    const report = check(damaged.platform, { path: '/disk' }, { gate, job: unwatched })
    expect(report.corruptions).toBeGreaterThan(0)
    expect(report.findings.length).toBeGreaterThan(0)
    const after = new Uint8Array(damaged.storage.size)
    damaged.storage.readAt(0, after)
    damaged.bytes.set(bytes, at(damaged))
    expect(Buffer.compare(after, damaged.bytes)).toBe(0)
  })

  it('with a count too high is a leak, with one too low a corruption', () => {
    const leak = image()
    leak.storage.writeAt(leak.block, Uint8Array.of(0, 2))
    expect(check(leak.platform, { path: '/disk' }, { gate, job: unwatched })).toMatchObject({ leaks: 1, corruptions: 0 })
    const low = image()
    low.storage.writeAt(low.block, Uint8Array.of(0, 0))
    expect(check(low.platform, { path: '/disk' }, { gate, job: unwatched }).corruptions).toBeGreaterThan(0)
  })

  it('with a count for a cluster far from all others, in a huge sparse file, is a leak there', () => {
    const leak = image()
    leak.storage.truncate(2 ** 33)
    leak.storage.writeAt(leak.block + 1900 * 2, Uint8Array.of(0, 1))
    const report = check(leak.platform, { path: '/disk' }, { gate, job: unwatched })
    expect(report).toMatchObject({ leaks: 1, corruptions: 0, imageEndOffset: 1901 * CLUSTER, findings: [{ offset: 1900 * CLUSTER }] })
  })

  it('with bitmaps that claim huge tables can be stopped while it is checked', () => {
    const huge = image()
    huge.storage.truncate(2 ** 40)
    huge.storage.writeAt(95, Uint8Array.of(1)) // the autoclear bit that vouches for the bitmaps
    huge.storage.writeAt(112, bytesOf([0x23852875, 24, 8, 0, 0, 256, 0, 2 ** 20, 0, 0]))
    for (let i = 0; i < 8; i++)
      huge.storage.writeAt(2 ** 20 + i * 32, bytesOf([0, 2 ** 21 + i * 2 ** 20, 2 ** 17, 1, 0x01100001, 0, 0x41000000 + i]))
    let seen = 0
    const job = {
      checkpoint() {
        if (++seen > 1000) throw new StrataError('CANCELLED', 'Cancelled')
      },
      report() {},
    }
    expect(thrown(() => check(huge.platform, { path: '/disk' }, { gate, job }))?.code).toBe('CANCELLED')
  })

  it('with a packed stream of rubbish gives an error, not rubbish', () => {
    const damaged = image()
    const disk = openDisk(damaged.platform, '/disk', { gate })
    const packedAt = new DataView(damaged.bytes.buffer).getUint32(damaged.l2 + 10 * 8 + 4)
    damaged.storage.writeAt(packedAt, new Uint8Array(64).fill(0xff))
    expect(thrown(() => disk.readAt(CLUSTER * 10, new Uint8Array(10)))).toMatchObject({
      code: 'CORRUPT',
      where: { path: '/disk', offset: packedAt },
    })
  })

  it('of any kind never makes reading, checking or writing hang, or end in anything but an answer or a StrataError', () => {
    const random = new Random(99)
    for (let round = 0; round < 400; round++) {
      const damaged = image()
      for (let i = 0; i < 1 + random.below(6); i++) {
        const places = [0, damaged.l1, damaged.l2, damaged.refcountTable, damaged.block]
        const at = places[random.below(places.length)]! + random.below(112)
        damaged.storage.writeAt(at, random.below(2) === 0 ? random.bytes(1 + random.below(8)) : Uint8Array.of(255, 255, 255, 255))
      }
      const { platform } = damaged
      thrown(() => check(platform, { path: '/disk' }, { gate, job: unwatched }))
      thrown(() => {
        const disk = openDisk(platform, '/disk', { gate })
        disk.readAt(0, new Uint8Array(Math.min(disk.size, SIZE)))
      })
      thrown(() => {
        const disk = openDisk(platform, '/disk', { gate, writable: true })
        disk.writeAt(CLUSTER * 9, new Uint8Array(CLUSTER * 3).fill(1))
        disk.close()
      })
    }
  }, 60_000)
})

describe('a finding says where on the disk it lies', () => {
  function found(damage: (image: Image) => void) {
    const damaged = image()
    damage(damaged)
    return check(damaged.platform, { path: '/disk' }, { gate, job: unwatched }).findings
  }
  /** Data that is said to be free; `cluster` is one of the disk. */
  const free = (cluster: number) => (damaged: Image) => {
    const { storage, bytes, l2, block } = damaged
    const host = (new DataView(bytes.buffer).getUint32(l2 + cluster * 8 + 4) & ~511) >>> 0
    storage.writeAt(block + Math.floor(host / CLUSTER) * 2, new Uint8Array(2))
  }

  it('by the entry that makes no sense', () => {
    const findings = found(({ storage, l2 }) => storage.writeAt(l2 + 3 * 8, entry(0x81000000, 0x6000)))
    expect(findings.find(({ message }) => message.startsWith('ERROR L2 entry 3'))).toMatchObject({ guestOffset: 3 * CLUSTER })
  })

  it('by the L1 entry, and not past the end of the disk', () => {
    const findings = found(({ storage, l1 }) => storage.writeAt(l1, entry(0x81000000, 0x5000)))
    expect(findings.find(({ message }) => message.startsWith('ERROR L1 entry 0'))).toMatchObject({ guestOffset: 0 })
  })

  it.each([5, 10])('by the entry of cluster %d, whose count is wrong', (cluster) => {
    const findings = found(free(cluster))
    expect(findings.find(({ message }) => message.includes('refcount=0 reference=1'))).toMatchObject({ guestOffset: cluster * CLUSTER })
  })

  it('by the entry whose flag is wrong', () => {
    const findings = found(({ storage, l2 }) => storage.writeAt(l2 + 4 * 8, Uint8Array.of(0)))
    expect(findings.find(({ message }) => message.includes('OFLAG_COPIED'))).toMatchObject({ guestOffset: 4 * CLUSTER })
  })

  it('but not where a cluster is nobody’s, or one of tables', () => {
    const lost = found(({ storage, bytes, block }) => {
      storage.writeAt(bytes.length, new Uint8Array(CLUSTER))
      storage.writeAt(block + Math.ceil(bytes.length / CLUSTER) * 2, Uint8Array.of(0, 1))
    })
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.every(({ guestOffset }) => guestOffset === undefined)).toBe(true)
    const table = found(({ storage, block, refcountTable }) => storage.writeAt(block + (refcountTable / CLUSTER) * 2, new Uint8Array(2)))
    expect(table).toHaveLength(1)
    expect(table[0]!.guestOffset).toBeUndefined()
  })
})

/** The StrataError that was thrown, or undefined; anything else thrown is a failure of the test. */
function thrown(run: () => unknown): StrataError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof StrataError) {
      expect(error.code).not.toBe('BUG')
      return error
    }
    throw error
  }
}
