import type { Qcow2Options } from '../../../src/shared/model.ts'
import { unwatched } from '../../../src/engine/base/job.ts'
import { openDisk } from '../../../src/engine/device/open.ts'
import { createEngine, type Engine } from '../../../src/engine/index.ts'
import type { FileSystem } from '../../../src/engine/io/file-system.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { ChainBench, contentOf, context } from '../../fixtures/chains.ts'
import { native } from '../../fixtures/platform.ts'
import type { Random } from '../../fixtures/random.ts'
import { GuestHistory } from './guest-history.ts'
import { assertSound } from './judge-image.ts'
import { leftFiles } from './left-files.ts'
import { RecordedSystem } from './recorded-system.ts'
import type { Scenario } from './scenario.ts'

interface Work {
  name: string
  prepare: (random: Random) => MemorySystem
  run: (engine: Engine) => unknown
  /** images that are written where they are, and may be mixed of old and new sectors meanwhile; all others are as before or as after, whole */
  inPlace?: string[]
  /** of these one must be there at every moment, and hold what the first held before */
  copies?: string[]
  share?: number
}

const KINDS: Qcow2Options[] = [
  { clusterSize: 512 },
  { clusterSize: 512, compat: '0.10' },
  { clusterSize: 1024, lazyRefcounts: true },
  { clusterSize: 4096 },
]
const [BASE, MIDDLE, TOP, OVER_MIDDLE] = ['/layer-0', '/layer-1', '/layer-2', '/layer-3'] as const

/** A chain of three, an image beside its top, and an image that stands on nothing. */
function chain(random: Random): MemorySystem {
  const memory = new MemorySystem()
  const bench = new ChainBench({ files: memory, ...native }, random, '', { least: 8192, most: 12_288 })
  bench.chain(3, KINDS)
  bench.add(bench.images[1], KINDS)
  bench.add(undefined, KINDS)
  bench.work(bench.images[0]!, 6)
  bench.work(bench.images[2]!, 4)
  return memory
}

/** A disk with data and zeros, and an older image that has the name of the target. */
function single(random: Random): MemorySystem {
  const memory = new MemorySystem()
  const platform = { files: memory, ...native }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/source', format: 'qcow2', size: 24_576, qcow2: { clusterSize: 512 }, overwrite: false }, context)
  const disk = openDisk(platform, '/source', { gate: context.gate, writable: true })
  for (let i = 0; i < 6; i++) disk.writeAt(random.below(32) * 512, random.bytes(512 * (1 + random.below(12))))
  disk.writeAt(4096, new Uint8Array(4096))
  disk.close()
  engine.create({ path: '/old', format: 'qcow2', size: 8192, overwrite: false }, context)
  return memory
}

const small = { clusterSize: 512 }

const WORKS: Work[] = [
  { name: 'commit', prepare: chain, run: (engine) => engine.commit({ path: TOP }, context), inPlace: [MIDDLE, OVER_MIDDLE] },
  {
    name: 'commit to the lowest layer',
    prepare: chain,
    run: (engine) => engine.commit({ path: TOP, base: BASE }, context),
    inPlace: [BASE, MIDDLE, OVER_MIDDLE],
  },
  { name: 'rebase', prepare: chain, run: (engine) => engine.rebase({ path: TOP, backing: { name: 'layer-4' }, mode: 'safe' }, context) },
  { name: 'rebase onto nothing', prepare: chain, run: (engine) => engine.rebase({ path: TOP, backing: null, mode: 'safe' }, context) },
  {
    name: 'rebase with compression',
    prepare: chain,
    run: (engine) => engine.rebase({ path: MIDDLE, backing: { name: 'layer-4' }, mode: 'safe', compress: true }, context),
  },
  { name: 'compact in place', prepare: single, run: (engine) => engine.compact({ path: '/source', how: 'in-place' }, context) },
  {
    name: 'compact by a rewrite',
    prepare: single,
    run: (engine) => engine.compact({ path: '/source', how: 'rewrite', compress: true }, context),
    copies: ['/source'],
    share: 0.3,
  },
  {
    name: 'create over an image',
    prepare: single,
    run: (engine) => engine.create({ path: '/old', format: 'qcow2', size: 65_536, qcow2: small, overwrite: true }, context),
    share: 0.2,
  },
  {
    name: 'convert to a new image',
    prepare: single,
    run: (engine) =>
      engine.convert({ source: { path: '/source' }, target: { path: '/new', format: 'qcow2', qcow2: small }, overwrite: false }, context),
    copies: ['/source'],
    share: 0.3,
  },
  {
    name: 'convert over an image',
    prepare: single,
    run: (engine) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/old', format: 'qcow2', qcow2: small, compress: true }, overwrite: true },
        context,
      ),
    copies: ['/source'],
    share: 0.3,
  },
  {
    name: 'convert, and the source goes',
    prepare: single,
    run: (engine) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/new', format: 'qcow2', qcow2: small }, overwrite: false, replaceSource: true },
        context,
      ),
    copies: ['/source', '/new'],
    share: 0.3,
  },
  {
    name: 'convert in the place of the source',
    prepare: single,
    run: (engine) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/source', format: 'raw' }, overwrite: true, replaceSource: true },
        context,
      ),
    copies: ['/source'],
    share: 0.3,
  },
  {
    name: 'convert into an image that is there',
    prepare: (random) => {
      const memory = single(random)
      const engine = createEngine(undefined, { files: memory, ...native })
      engine.create({ path: '/target', format: 'qcow2', size: 24_576, qcow2: small, overwrite: false }, context)
      engine.snapshot({ path: '/target', action: { do: 'create', name: 'before' } }, context)
      return memory
    },
    run: (engine) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/target', format: 'qcow2', inPlace: 'unknown' }, overwrite: false },
        context,
      ),
    inPlace: ['/target'],
  },
]

/** What each image reads as. What is staged under a hidden name is nobody's disk. */
function contents(files: FileSystem, paths: Iterable<string>): Map<string, Uint8Array> {
  const shown = [...paths].filter((path) => !path.startsWith('/.'))
  return new Map(shown.map((path) => [path, contentOf({ files, ...native }, path)]))
}

function record({ prepare, run, inPlace = [], copies = [] }: Work, random: Random): ReturnType<Scenario['record']> {
  const memory = prepare(random)
  const recorded = new RecordedSystem(memory)
  const { start, calls } = recorded
  const before = contents(memory, memory.paths)
  const histories = new Map(inPlace.map((path) => [path, new GuestHistory(before.get(path)!, () => calls.length)]))
  run(createEngine(undefined, { files: recorded.files, ...native }))
  const after = contents(memory, memory.paths)
  for (const [path, history] of histories) history.promiseAt(after.get(path)!, calls.length)

  const judge = (left: Map<string, MemoryStorage>, at: number): void => {
    const found = contents(leftFiles(left), left.keys())
    for (const path of new Set([...before.keys(), ...after.keys()])) {
      const [now, was, willBe] = [found.get(path), before.get(path), after.get(path)]
      const ended = at === calls.length
      if (!now) {
        if (was && willBe) throw new Error(`${path} is lost`)
        if (ended && willBe) throw new Error(`${path} is told to be made, and is not there`)
        continue
      }
      const fault = histories.get(path)?.faultOf(now, at)
      if (fault !== undefined) throw new Error(`${path}: ${fault}`)
      if (!histories.has(path) && !same(now, willBe) && (!same(now, was) || (ended && willBe)))
        throw new Error(`${path} is neither as before nor as after`)
      const image = left.get(path)!
      if (isQcow2(image)) assertSound(image)
    }
    const [first] = copies
    if (first !== undefined && !copies.some((path) => same(found.get(path), before.get(first))))
      throw new Error('neither the source nor its copy is there')
  }
  return { start, calls, judge }
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0
}

function isQcow2(image: MemoryStorage): boolean {
  const magic = new Uint8Array(4)
  if (image.size >= magic.length) image.readAt(0, magic)
  return Buffer.from(magic).equals(Buffer.from('QFI\xfb', 'latin1'))
}

/** Everything that works on whole files or on several: through the engine, as the window and the terminal call it. */
export const FILE_SCENARIOS: Scenario[] = [
  ...WORKS.map((work): Scenario => ({
    name: work.name,
    share: work.share ?? 0.15,
    record: (random) => record(work, random),
  })),
  repairScenario(),
]

/** Counts that are wrong, mended: what could be read stays, and the next repair ends clean. */
function repairScenario(): Scenario {
  return {
    name: 'repair',
    share: 0.3,
    record: (random) => {
      const memory = single(random)
      const before = contents(memory, ['/source']).get('/source')!
      damageCounts(memory, random)
      const { files, start, calls } = new RecordedSystem(memory)
      createEngine(undefined, { files, ...native }).check({ path: '/source', repair: 'all' }, context)
      return {
        start,
        calls,
        judge: (left) => {
          const platform = { files: leftFiles(left), ...native }
          const readable = (): void => {
            if (!same(contentOf(platform, '/source'), before)) throw new Error('the disk reads otherwise')
          }
          readable()
          const { corruptions, leaks, checkErrors } = createEngine(undefined, platform).check(
            { path: '/source', repair: 'all' },
            { ...context, job: unwatched },
          )
          if (corruptions + leaks + checkErrors > 0) throw new Error('the next repair does not end clean')
          readable()
        },
      }
    },
  }
}

/** Writes random counts over some of an image's refcounts. */
function damageCounts(memory: MemorySystem, random: Random): void {
  const storage = memory.open('/source', true)
  const u64 = (at: number): number => {
    const bytes = new Uint8Array(8)
    storage.readAt(at, bytes)
    return Number(new DataView(bytes.buffer).getBigUint64(0))
  }
  const block = u64(u64(48))
  for (let i = 0; i < 5; i++) storage.writeAt(block + 2 * (4 + random.below(30)), Uint8Array.of(0, random.below(4)))
  storage.close()
}
