import { describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import type { GateRule } from '../../src/engine/io/gate.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { create } from '../../src/engine/operations/create.ts'
import { portable } from '../fixtures/platform.ts'
import { thrown } from '../fixtures/thrown.ts'

const gate: GateRule = { kind: 'follow' }
const CLUSTER = 4096
const SIZE = CLUSTER * 64

/** An image with some data and one snapshot, whose table and L1 table stand at the end of the file, and where everything is. */
function image() {
  const platform = { files: new MemorySystem(), ...portable }
  create(
    platform,
    { path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER }, overwrite: false },
    { gate, job: unwatched },
    { staged() {}, settled() {} },
  )
  const disk = openDisk(platform, '/disk', { gate, writable: true })
  disk.writeAt(0, new Uint8Array(CLUSTER * 8).fill(7))
  disk.close()
  const storage = platform.files.open('/disk', true)
  const word = (at: number): number => {
    const bytes = new Uint8Array(4)
    storage.readAt(at, bytes)
    return new DataView(bytes.buffer).getUint32(0)
  }
  const l1 = word(44)
  const table = word(52)
  const end = Math.ceil(storage.size / CLUSTER) * CLUSTER
  const places = {
    'the header': 0,
    'the reference count table': table,
    'a reference count block': word(table + 4),
    'the L1 table': l1,
    'an L2 table': word(l1 + 4),
    'the snapshot table': end,
    "a snapshot's L1 table": end + CLUSTER,
  }
  storage.truncate(end + CLUSTER * 2)
  storage.writeAt(end, bigEndian(0, end + CLUSTER, 1, 0x00010001, 0, 0, 0, 0, 0, 16, 0, 0, 0, SIZE))
  storage.writeAt(end + 56, new TextEncoder().encode('1s'))
  storage.writeAt(60, bigEndian(1, 0, end))
  const count = (at: number, value: number): void =>
    storage.writeAt(places['a reference count block'] + (at / CLUSTER) * 2, Uint8Array.of(0, value))
  count(end, 1)
  count(end + CLUSTER, 1)
  return { platform, storage, places, count }
}

function bigEndian(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  words.forEach((value, i) => new DataView(bytes.buffer).setUint32(i * 4, value))
  return bytes
}

function contentOf({ storage }: ReturnType<typeof image>): Buffer {
  const bytes = Buffer.alloc(storage.size)
  storage.readAt(0, bytes)
  return bytes
}

/** Nothing has changed but the mark of a damaged image, which keeps the next writer off. */
function expectOnlyMarked(damaged: ReturnType<typeof image>, before: Buffer): void {
  const after = contentOf(damaged)
  expect(after[79]).toBe(2)
  after[79] = before[79]!
  expect(after.equals(before)).toBe(true)
  expect(thrown(() => openDisk(damaged.platform, '/disk', { gate, writable: true })).code).toBe('READ_ONLY')
}

/** Writes to the disk from `at` on, and answers with the error. */
function writeTo({ platform }: ReturnType<typeof image>, at: number) {
  const disk = openDisk(platform, '/disk', { gate, writable: true })
  try {
    return thrown(() => {
      disk.writeAt(at, new Uint8Array(CLUSTER * 20).fill(9))
      disk.flush()
    })
  } finally {
    disk.close()
  }
}

const STRUCTURE = Object.keys(image().places) as (keyof ReturnType<typeof image>['places'])[]

describe('a writer in a damaged image', () => {
  it('writes where nothing is damaged, beside a snapshot', () => {
    const { platform } = image()
    const disk = openDisk(platform, '/disk', { gate, writable: true })
    disk.writeAt(CLUSTER * 20, new Uint8Array(CLUSTER * 20).fill(9))
    disk.close()
    expect(openDisk(platform, '/disk', { gate }).driver.snapshots?.list()).toMatchObject([{ id: '1', name: 's', diskSize: SIZE }])
  })

  it.each(STRUCTURE)('is not led over %s by a count of zero', (name) => {
    const damaged = image()
    damaged.count(damaged.places[name], 0)
    const before = contentOf(damaged)
    const error = writeTo(damaged, CLUSTER * 20)
    expect(error).toMatchObject({ code: 'CORRUPT', where: { path: '/disk', offset: damaged.places[name] } })
    expect(error.message).toContain(name)
    expectOnlyMarked(damaged, before)
  })

  // An entry of offset 0 means no cluster, so none can point at the header.
  it.each(STRUCTURE.filter((name) => name !== 'the header'))('is not led over %s by an entry that calls it data', (name) => {
    const damaged = image()
    damaged.storage.writeAt(damaged.places['an L2 table'], bigEndian(0x80000000, damaged.places[name]))
    const before = contentOf(damaged)
    expect(writeTo(damaged, 0)).toMatchObject({ code: 'CORRUPT', where: { offset: damaged.places[name] } })
    expectOnlyMarked(damaged, before)
  })

  it.each(STRUCTURE.filter((name) => name !== 'the header' && name !== 'an L2 table'))('is not led over %s by an L1 entry', (name) => {
    const damaged = image()
    damaged.storage.writeAt(damaged.places['the L1 table'], bigEndian(0x80000000, damaged.places[name]))
    const before = contentOf(damaged)
    expect(writeTo(damaged, 0)).toMatchObject({ code: 'CORRUPT', where: { offset: damaged.places[name] } })
    expectOnlyMarked(damaged, before)
  })

  it.each([
    ['the L1 table', 40, 'the reference count table'],
    ['the snapshot table', 64, 'the L1 table'],
    ['the reference count table', 48, 'a reference count block'],
  ] as const)('does not begin where %s lies over another part', (what, field, other) => {
    const damaged = image()
    damaged.storage.writeAt(field, bigEndian(0, damaged.places[other]))
    const before = contentOf(damaged)
    const error = thrown(() => {
      const disk = openDisk(damaged.platform, '/disk', { gate, writable: true })
      disk.writeAt(CLUSTER * 20, new Uint8Array(CLUSTER))
    })
    expect(error.code).toBe('CORRUPT')
    expect(error.where.offset).toEqual(expect.any(Number))
    // A snapshot table of rubbish is found when the image is opened.
    if (what === 'the snapshot table') expect(contentOf(damaged).equals(before)).toBe(true)
    else expectOnlyMarked(damaged, before)
  })
})
