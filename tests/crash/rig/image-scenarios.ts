import type { Disk } from '../../../src/engine/device/disk.ts'
import { unwatched } from '../../../src/engine/base/job.ts'
import type { AmendChanges } from '../../../src/shared/requests.ts'
import type { CreateOptions } from '../../../src/engine/formats/options.ts'
import type { Random } from '../../fixtures/random.ts'
import { ImageBench } from './image-bench.ts'
import { bytesOf, openDriver } from './judge-image.ts'
import type { Scenario } from './scenario.ts'

const SECTOR = 512

interface Work {
  name: string
  options?: Partial<CreateOptions>
  grains?: number
  before?: (disk: Disk, random: Random) => void
  share?: number
  run: (bench: ImageBench) => void
}

/** Data in every other grain. */
function half(disk: Disk, random: Random): void {
  const { grain } = disk.driver
  for (let at = 0; at + grain <= disk.size; at += grain * 2) disk.writeAt(at, random.bytes(grain))
}

const WORKS: Work[] = [
  {
    name: 'allocate',
    run: (bench) => {
      for (let i = 0; i < 12; i++) {
        bench.write(bench.random.below(60) * SECTOR, bench.random.bytes(SECTOR * 4))
        if (i % 4 === 3) bench.flush()
      }
    },
  },
  {
    name: 'write parts of clusters',
    options: { clusterSize: 2048 },
    grains: 60,
    before: half,
    run: (bench) => bench.work(18, { packs: false, zeros: false }),
  },
  { name: 'zero and give back', before: half, run: (bench) => bench.work(24, { packs: false }) },
  { name: 'everything, version 2', options: { compat: '0.10' }, before: half, run: (bench) => bench.work(24) },
  { name: 'everything, lazy counts', options: { lazyRefcounts: true }, before: half, run: (bench) => bench.work(20) },
  { name: 'everything, counts of 1 bit', options: { refcountBits: 1 }, before: half, run: (bench) => bench.work(20, { packs: false }) },
  { name: 'everything, counts of 64 bits', options: { refcountBits: 64 }, before: half, run: (bench) => bench.work(20) },
  { name: 'everything, clusters of 4 KiB', options: { clusterSize: 4096 }, grains: 12, before: half, run: (bench) => bench.work(24) },
  {
    name: 'everything, subclusters',
    options: { clusterSize: 16384, extendedL2: true },
    grains: 4,
    run: (bench) => bench.work(24, { packs: false }),
    share: 0.5,
  },
  {
    name: 'pack',
    run: (bench) => {
      for (let i = 0; i < 24; i++) {
        bench.pack(bench.random.below(100) * SECTOR)
        if (bench.random.below(5) === 0) bench.flush()
      }
    },
  },
  {
    name: 'write over what is packed',
    before: (disk, random) => {
      for (let at = 0; at < disk.size; at += SECTOR) {
        const packed = disk.driver.codec!.pack(random.text(SECTOR))
        if (packed) disk.writePacked(at, packed)
      }
    },
    run: (bench) => bench.work(20),
  },
  {
    name: 'grow the refcounts',
    options: { refcountBits: 64 },
    grains: 700,
    share: 0.3,
    run: (bench) => {
      for (let at = 0; at < 700; at += 100) bench.write(at * SECTOR, bench.random.bytes(SECTOR * 70))
    },
  },
  {
    name: 'grow the L1 table',
    grains: 64 * 62,
    run: (bench) => {
      for (const grains of [64 * 64 - 3, 64 * 65, 64 * 66]) {
        bench.resize(grains)
        bench.work(4)
        bench.write((bench.disk.size / SECTOR - 2) * SECTOR, bench.random.bytes(SECTOR))
      }
    },
    share: 0.1,
  },
  {
    name: 'grow and shrink',
    before: half,
    run: (bench) => {
      for (const grains of [130, 40, 90, 10]) {
        bench.resize(grains)
        bench.work(5)
        bench.flush()
      }
    },
  },
  ...snapshotWorks('version 3', {}),
  ...snapshotWorks('version 2', { compat: '0.10' }),
  ...snapshotWorks('lazy counts', { lazyRefcounts: true }),
  ...amendWorks(),
  {
    name: 'bitmaps',
    grains: 200,
    before: (disk, random) => {
      half(disk, random)
      disk.driver.bitmaps!.add('kept', SECTOR, true)
    },
    run: (bench) => {
      const start = bench.history.content.slice()
      // One that is not flagged as in use claims to mark all that was written since it was made.
      bench.demand((image) => {
        const driver = openDriver(image, false)
        const kept = driver.bitmaps!.list().find(({ name }) => name === 'kept')
        if (!kept) throw new Error('the bitmap is lost')
        if (kept.flags.includes('in-use')) return
        const marked = [...driver.bitmaps!.marked('kept')]
        const now = bytesOf(driver)
        for (let at = 0; at < now.length; at += SECTOR)
          if (
            Buffer.compare(now.subarray(at, at + SECTOR), start.subarray(at, at + SECTOR)) !== 0 &&
            !marked.some((run) => at >= run.at && at < run.at + run.length)
          )
            throw new Error(`the bitmap does not mark sector ${at / SECTOR}, which is another than it was`)
      })
      for (const name of ['a', 'b']) {
        bench.work(6)
        bench.disk.driver.bitmaps!.add(name, SECTOR, true)
        bench.work(3)
        bench.reopen()
      }
      bench.disk.driver.bitmaps!.remove('a')
      bench.disk.driver.bitmaps!.clear('b')
      bench.work(3)
    },
  },
]

function snapshotWorks(kind: string, options: Partial<CreateOptions>): Work[] {
  return [
    {
      name: `snapshots, ${kind}`,
      options,
      grains: 70,
      before: half,
      run: (bench) => {
        bench.take('first')
        bench.work(5)
        bench.take('second')
        bench.work(4)
        bench.goBack('first')
        bench.work(4)
        bench.drop('second')
        bench.work(2)
      },
    },
  ]
}

function amendWorks(): Work[] {
  const amendments: [string, Partial<CreateOptions>, Omit<AmendChanges, 'size'>][] = [
    ['to version 3', { compat: '0.10' }, { compat: '1.1' }],
    ['to version 2', {}, { compat: '0.10' }],
    ['to lazy counts', {}, { lazyRefcounts: true }],
    ['to counts of 64 bits', { refcountBits: 2 }, { refcountBits: 64 }],
    ['to counts of 1 bit', {}, { refcountBits: 1 }],
  ]
  return amendments.map(([name, options, changes]) => ({
    name: `amend ${name}`,
    options,
    before: (disk, random) => {
      half(disk, random)
      disk.zeroAt(SECTOR * 20, SECTOR * 9)
    },
    run: (bench) => {
      bench.work(3, { packs: false, zeros: options.compat !== '0.10' })
      bench.flush()
      bench.disk.driver.amend!.amend(changes, unwatched)
      bench.work(3, { packs: false })
    },
  }))
}

/** Every way in which an image is written, through its driver. */
export const IMAGE_SCENARIOS: Scenario[] = WORKS.map(({ name, options = {}, grains = 100, before, run, share = 1 }) => ({
  name,
  share,
  record: (random) => {
    const bench = new ImageBench(random, options, grains, before)
    run(bench)
    return bench.end()
  },
}))
