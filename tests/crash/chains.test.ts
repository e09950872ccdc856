import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../src/shared/model.ts'
import type { Platform } from '../../src/engine/device/platform.ts'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { FaultPlan, FaultStorage } from '../../src/engine/io/fault.ts'
import type { FileSystem } from '../../src/engine/io/file-system.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { wrapSystem } from '../../src/engine/io/wrapped-system.ts'
import { StrataError } from '../../src/shared/errors.ts'
import { ChainBench, contentOf, context } from '../fixtures/chains.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'
import { TracedSystem } from '../fixtures/system-cuts.ts'

/** A chain of three, an image beside its top, and an image that stands on nothing. */
const PATHS = ['/layer-0', '/layer-1', '/layer-2', '/layer-3', '/layer-4']
const [BASE, MIDDLE, TOP, BESIDE] = PATHS as [string, string, string, string]
const SECTOR = 512

function chainOf(seed: number, kinds: Qcow2Options[]): MemorySystem {
  const memory = new MemorySystem()
  const bench = new ChainBench({ files: memory, ...portable }, new Random(seed), '', { least: 16_384, most: 20_480 })
  bench.chain(3, kinds)
  bench.add(bench.images[1], kinds)
  bench.add(undefined, kinds)
  bench.work(bench.images[0]!, 10)
  return memory
}

const KINDS: [name: string, options: Qcow2Options[]][] = [
  ['clusters of 512 bytes', [{ clusterSize: 512 }]],
  ['version 2', [{ clusterSize: 512, compat: '0.10' }]],
  ['lazy counts', [{ clusterSize: 1024, lazyRefcounts: true }]],
  ['extended entries and large clusters', [{ clusterSize: 16384, extendedL2: true }, { clusterSize: 4096 }]],
  ['data files', [{ clusterSize: 512, dataFile: 'data' }]],
]

interface Change {
  name: string
  run: (engine: Engine) => { copied: number }
  /** packs clusters, which an image with a data file can't */
  packs?: boolean
  /** images that may read otherwise afterwards, and sector by sector meanwhile */
  changed: string[]
}

const CHANGES: Change[] = [
  { name: 'commit', run: (engine) => engine.commit({ path: TOP }, context), changed: [MIDDLE, '/layer-3'] },
  {
    name: 'commit to the lowest layer',
    run: (engine) => engine.commit({ path: TOP, base: BASE }, context),
    changed: [BASE, MIDDLE, BESIDE],
  },
  { name: 'rebase', run: (engine) => engine.rebase({ path: TOP, backing: { name: 'layer-4' }, mode: 'safe' }, context), changed: [] },
  { name: 'rebase onto nothing', run: (engine) => engine.rebase({ path: TOP, backing: null, mode: 'safe' }, context), changed: [] },
  {
    name: 'rebase with compression, under an overlay',
    run: (engine) => engine.rebase({ path: MIDDLE, backing: { name: 'layer-4' }, mode: 'safe', compress: true }, context),
    packs: true,
    changed: [],
  },
]

/** What each image reads as. */
function contents(files: FileSystem): Map<string, Uint8Array> {
  return new Map(PATHS.map((path) => [path, contentOf({ files, ...portable }, path)]))
}

/** Copies of the files, some of them with another content. */
function filesWith(
  memory: MemorySystem,
  left: { path: string; image: { size: number; readAt(at: number, into: Uint8Array): void } }[],
): MemorySystem {
  const copy = new MemorySystem()
  for (const path of memory.paths) {
    const storage = left.find((file) => file.path === path)?.image ?? memory.open(path, false)
    const bytes = new Uint8Array(storage.size)
    storage.readAt(0, bytes)
    const target = copy.create(path)
    target.writeAt(0, bytes)
    target.close()
  }
  return copy
}

/** Every image reads as it did before; those that change, sector by sector as before or as after. No image is corrupt. */
function assertBeforeOrAfter(
  files: MemorySystem,
  before: Map<string, Uint8Array>,
  after: Map<string, Uint8Array>,
  changed: string[],
  what: string,
): void {
  const platform: Platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  for (const path of PATHS) {
    const now = contentOf(platform, path)
    const [was, willBe] = [before.get(path)!, after.get(path)!]
    if (changed.includes(path)) {
      expect([was.length, willBe.length], `${what}: the size of ${path}`).toContain(now.length)
      expect(strangeSector(now, was, willBe), `${what}: a sector of ${path}`).toBe(-1)
    } else expect(Buffer.compare(now, was), `${what}: ${path}`).toBe(0)
    const [info] = engine.info({ path }, context).layers
    if (info?.format === 'raw' || info?.dirty) continue
    const { corruptions, checkErrors, findings } = engine.check({ path }, context)
    expect({ corruptions, checkErrors, findings: corruptions > 0 ? findings : [] }, `${what}: ${path}`).toEqual({
      corruptions: 0,
      checkErrors: 0,
      findings: [],
    })
  }
}

/** The first sector that is neither the old nor the new one, past whose ends lie zeros; -1 for none. */
function strangeSector(now: Uint8Array, was: Uint8Array, willBe: Uint8Array): number {
  for (let at = 0; at < now.length; at += SECTOR) {
    const same = (other: Uint8Array): boolean => Buffer.compare(padded(other, at), now.subarray(at, at + SECTOR)) === 0
    if (!same(was) && !same(willBe)) return at / SECTOR
  }
  return -1
}

function padded(bytes: Uint8Array, at: number): Uint8Array {
  const sector = new Uint8Array(SECTOR)
  sector.set(bytes.subarray(at, at + SECTOR))
  return sector
}

const EACH = KINDS.flatMap(([kind, options], i) =>
  CHANGES.map((change, j) => ({ kind, options, change, name: change.name, seed: 100 + i * 10 + j })),
)

/** Every change and every kind, not each with each. */
const CASES = EACH.filter(({ change, options }, i) => i % 2 === 0 && !(change.packs && options[0]?.dataFile !== undefined))

describe('a power cut during a change of a chain', () => {
  it.each(CASES)('leaves every image as before or after: $name, $kind', ({ options, change, seed }) => {
    const memory = chainOf(seed, options)
    const original = filesWith(memory, [])
    const before = contents(memory)
    const traced = new TracedSystem(memory)
    expect(change.run(createEngine(undefined, { files: traced.files, ...portable })).copied).toBeGreaterThan(0)
    const after = contents(memory)
    let moments = 0
    for (const { left, name } of traced.cuts(seed)) {
      assertBeforeOrAfter(filesWith(original, left), before, after, change.changed, name)
      moments++
    }
    expect(moments).toBeGreaterThan(24)
    assertBeforeOrAfter(memory, before, after, change.changed, 'the end')
  })
})

describe('a call that fails during a change of a chain', () => {
  it.each(CASES)('leaves every image as before or after: $name, $kind', ({ options, change, seed }) => {
    const start = chainOf(seed, options)
    const before = contents(start)
    const whole = filesWith(start, [])
    change.run(createEngine(undefined, { files: whole, ...portable }))
    const after = contents(whole)
    for (let nth = 1; ; nth++) {
      const plan = new FaultPlan({ nth, kinds: ['read', 'write', 'truncate', 'flush'], gone: nth % 2 === 0 })
      const memory = filesWith(start, [])
      const files = wrapSystem(memory, (storage) => new FaultStorage(storage, plan))
      const failed = fails(() => change.run(createEngine(undefined, { files, ...portable })))
      assertBeforeOrAfter(memory, before, after, change.changed, `call ${nth}`)
      expect(memory.openHandles, `call ${nth}: handles`).toBe(0)
      if (!plan.fired) {
        expect(failed).toBe(false)
        expect(nth).toBeGreaterThan(20)
        return
      }
    }
  })
})

function fails(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    if (error instanceof StrataError && error.code === 'IO') return true
    throw error
  }
}
