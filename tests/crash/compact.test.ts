import { describe, expect, it } from 'vitest'
import type { CreateOptions } from '../../src/engine/formats/options.ts'
import { DEFAULT_OPTIONS } from '../../src/engine/formats/options.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { createEngine } from '../../src/engine/index.ts'
import { FaultPlan, FaultStorage } from '../../src/engine/io/fault.ts'
import type { FileSystem } from '../../src/engine/io/file-system.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import type { Storage } from '../../src/engine/io/storage.ts'
import { TraceStorage } from '../../src/engine/io/trace.ts'
import { wrapSystem } from '../../src/engine/io/wrapped-system.ts'
import { StrataError } from '../../src/shared/errors.ts'
import { native } from '../fixtures/platform.ts'
import { powerCuts } from '../fixtures/power-cuts.ts'
import { Random } from '../fixtures/random.ts'

const PASSPHRASE = new TextEncoder().encode('long enough')
/** Passphrases are wiped by whom they are given to. */
const context = () => ({ gate: { kind: 'follow' } as const, job: unwatched, secrets: { image: PASSPHRASE.slice() } })

const IMAGES: [name: string, options: Partial<CreateOptions>][] = [
  ['version 2', { compat: '0.10', clusterSize: 512 }],
  ['version 3', { clusterSize: 512 }],
  ['lazy counts', { clusterSize: 512, lazyRefcounts: true }],
  ['subclusters', { clusterSize: 16384, extendedL2: true }],
  // A hole there reads as noise: the map must say zeros before it is made.
  ['encrypted subclusters', { clusterSize: 131072, extendedL2: true, encrypt: { format: 'aes', secret: 'image' } }],
]

function open(storage: Storage, writable: boolean): Disk {
  return new Disk('image', qcow2.open({ storage, ...native, writable, passphrase: PASSPHRASE.slice() }))
}

/** An image with a snapshot, with zeros that were written and packed, and with room that nobody uses. */
function worked(options: Partial<CreateOptions>): MemoryStorage {
  const storage = new MemoryStorage('image')
  const grain = options.clusterSize ?? 512
  const size = grain * (options.extendedL2 ? 12 : 150)
  qcow2.create({ storage, ...native, size, passphrase: PASSPHRASE.slice(), options: { ...DEFAULT_OPTIONS, ...options } }).close()
  const random = new Random(5)
  const zeros = native.codecs.deflate.pack(new Uint8Array(grain))!
  for (let round = 0; round < 2; round++) {
    const disk = open(storage, true)
    for (let i = 0; i < 9; i++) {
      const at = random.below(size - grain * 4)
      disk.writeAt(at, i % 3 === 0 ? random.bytes(grain) : new Uint8Array(grain * (1 + random.below(2)) + grain / 2))
    }
    // Zeros within a cluster of noise.
    disk.writeAt(grain * 5, random.bytes(grain))
    disk.writeAt(grain * 5 + grain / 4, new Uint8Array(grain / 2))
    if (!options.encrypt) disk.writePacked(grain * 9, zeros)
    if (round === 0) disk.driver.snapshots!.create({ name: 'kept', dateSeconds: 1, dateNanoseconds: 0 }, unwatched)
    disk.driver.close()
  }
  return storage
}

function contentOf(storage: Storage): string[] {
  const { driver } = open(storage, false)
  return [driver, driver.snapshots!.open('kept')].map((one) => {
    const bytes = Buffer.alloc(one.size)
    new Disk('image', one).readAt(0, bytes)
    return bytes.toString('base64')
  })
}

/** The engine on one file, whose storage is made anew by `wrap` each time it is opened. */
function engineOn(image: MemoryStorage, wrap: (storage: Storage) => Storage) {
  const files: FileSystem = {
    ...wrapSystem(new MemorySystem(), wrap),
    open: () => wrap(image),
    facts: () => ({ size: image.size, allocated: image.allocated, modified: 0, kind: 'file' }),
    canonical: (path) => path,
  }
  return createEngine(undefined, { files, ...native })
}

/** Leaks at most, or the dirty bit that has all mended at the next opening. */
function assertMendable(image: MemoryStorage, name: string): void {
  const dirty = open(image, false).driver.describe().dirty
  const mended = image.clone()
  if (dirty) open(mended, true).driver.close()
  const { findings } = open(mended, false).driver.check!.check(unwatched)
  expect(
    findings.filter(({ kind }) => kind !== 'leak'),
    name,
  ).toEqual([])
}

describe.each(IMAGES)('an image that is compacted in place, %s', (_name, options) => {
  it('reads the same after a power cut at any moment, has leaks at most, and can be compacted to the end', () => {
    const image = worked(options)
    const before = contentOf(image)
    const traced = new TraceStorage(image.clone())
    const inner = engineOn(image, () => traced)
    const { zeros } = inner.compact({ path: 'image', how: 'in-place' }, context())
    expect(zeros).toBeGreaterThan(0)
    expect(contentOf(traced)).toEqual(before)
    let cuts = 0
    for (const { image: left, cut, name } of powerCuts(traced, 3)) {
      expect(contentOf(left), name).toEqual(before)
      assertMendable(left, name)
      cuts++
      if (cut % 4 !== 0) continue
      engineOn(left, (storage) => storage).compact({ path: 'image', how: 'in-place' }, context())
      expect(contentOf(left), `${name}, gone on`).toEqual(before)
      const report = open(left, false).driver.check!.check(unwatched)
      expect(report, `${name}, gone on`).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
    }
    expect(cuts).toBeGreaterThan(20)
  }, 60_000)

  it('reads the same when any call fails', () => {
    const image = worked(options)
    const before = contentOf(image)
    for (let nth = 1; ; nth++) {
      const left = image.clone()
      const plan = new FaultPlan({ nth, kinds: ['read', 'write', 'truncate', 'flush'] })
      try {
        engineOn(left, (storage) => new FaultStorage(storage, plan)).compact({ path: 'image', how: 'in-place' }, context())
      } catch (error) {
        if (!(error instanceof StrataError) || error.code === 'BUG') throw error
      }
      expect(contentOf(left), `call ${nth}`).toEqual(before)
      assertMendable(left, `call ${nth}`)
      if (!plan.fired) {
        expect(nth).toBeGreaterThan(20)
        return
      }
    }
  }, 60_000)
})
