import { describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS, type CreateOptions } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { FaultStorage } from '../../src/engine/io/fault.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import type { Storage } from '../../src/engine/io/storage.ts'
import { StrataError } from '../../src/shared/errors.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const CLUSTER = 512
const SIZE = CLUSTER * 70
const label = (name: string) => ({ name, dateSeconds: 1, dateNanoseconds: 0 })

function open(storage: Storage, writable: boolean): Disk {
  return new Disk('image', qcow2.open({ storage, ...portable, writable }))
}

/** Changes of every kind, one after the other; whatever fails, the next is tried all the same, as a careless caller would. */
const CHANGES: ((disk: Disk, random: Random) => void)[] = [
  (disk, random) => disk.writeAt(CLUSTER * 30, random.bytes(CLUSTER * 9)),
  (disk) => void disk.driver.snapshots!.create(label('second'), unwatched),
  (disk, random) => disk.writeAt(CLUSTER * 5, random.bytes(CLUSTER * 20)),
  (disk) => disk.grow(disk.size + CLUSTER * 64 * 70, 'off'),
  (disk, random) => disk.writeAt(SIZE, random.bytes(CLUSTER * 30)),
  (disk) => disk.zeroAt(0, CLUSTER * 3),
  (disk) => disk.driver.snapshots!.remove('first', unwatched),
  (disk, random) => disk.writeAt(CLUSTER * 40, random.bytes(CLUSTER * 12)),
  (disk) => disk.flush(),
  (disk) => disk.driver.snapshots!.apply('second', unwatched),
  (disk, random) => disk.writeAt(0, random.bytes(CLUSTER * 15)),
  (disk) => disk.driver.amend!.amend({ refcountBits: 32 }, unwatched),
  (disk, random) => disk.writeAt(CLUSTER * 50, random.bytes(CLUSTER * 15)),
]

const IMAGES: [name: string, options: Partial<CreateOptions>][] = [
  ['counts that are kept', {}],
  ['lazy counts', { lazyRefcounts: true }],
]

describe('a call that fails while an image changes, and a caller that goes on', () => {
  it.each(IMAGES)(
    'leave an image that is sound or mended at its next opening, and the first snapshot as it was: %s',
    (_name, options) => {
      const fresh = new MemoryStorage('image')
      qcow2.create({ storage: fresh, ...portable, size: SIZE, options: { ...DEFAULT_OPTIONS, clusterSize: CLUSTER, ...options } }).close()
      const begun = open(fresh, true)
      begun.writeAt(0, new Random(1).bytes(CLUSTER * 40))
      begun.driver.snapshots!.create(label('first'), unwatched)
      begun.close()
      const kept = snapshotOf(fresh, 'first')

      for (let nth = 1; ; nth++) {
        const image = fresh.clone()
        const faulty = new FaultStorage(image, { nth })
        const disk = open(faulty, true)
        for (const change of CHANGES) attempt(() => change(disk, new Random(nth)))
        attempt(() => disk.close())
        attempt(() => open(image, true).close()) // mends what is said to be stale
        const left = open(image, false)
        const report = left.driver.check!.check(unwatched)
        expect({ nth, corruptions: report.corruptions, findings: report.corruptions > 0 ? report.findings : [] }).toEqual({
          nth,
          corruptions: 0,
          findings: [],
        })
        if (left.driver.snapshots!.list().some(({ name }) => name === 'first'))
          expect(snapshotOf(image, 'first').equals(kept), `call ${nth}`).toBe(true)
        const bytes = new Uint8Array(left.size)
        left.readAt(0, bytes)
        if (!faulty.fired) {
          expect(nth).toBeGreaterThan(50)
          return
        }
      }
    },
    120_000,
  )
})

function snapshotOf(storage: Storage, name: string): Buffer {
  const disk = new Disk(name, open(storage, false).driver.snapshots!.open(name))
  const bytes = Buffer.alloc(disk.size)
  disk.readAt(0, bytes)
  return bytes
}

/** Only an error of the engine's own may come of it. */
function attempt(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof StrataError) || error.code === 'BUG') throw error
  }
}
