import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, type Engine } from '../../src/engine/index.ts'
import { FaultPlan, FaultStorage } from '../../src/engine/io/fault.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { wrapSystem } from '../../src/engine/io/wrapped-system.ts'
import { Random } from '../fixtures/random.ts'
import { portable } from '../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 40 * 4096 + 512

/** A folder with a source, an overlay on it and an older target, and a list of staged names that were announced. */
function bench(plan?: FaultPlan) {
  const memory = new MemorySystem()
  const healthy = { files: memory, ...portable }
  const quiet = createEngine(undefined, healthy)
  quiet.create({ path: '/base', format: 'qcow2', size: SIZE, qcow2: { clusterSize: 4096 }, overwrite: false }, context)
  const base = openDisk(healthy, '/base', { gate: context.gate, writable: true })
  base.writeAt(5000, new Random(1).bytes(60_000))
  base.close()
  quiet.create({ path: '/top', format: 'qcow2', backing: { name: '/base' }, overwrite: false }, context)
  quiet.create({ path: '/old', format: 'raw', size: 4096, overwrite: false }, context)
  const files = plan ? wrapSystem(memory, (storage) => new FaultStorage(storage, plan)) : memory
  const staged: string[] = []
  const engine = createEngine({ staged: (path) => staged.push(path), settled() {} }, { files, ...portable })
  return { memory, engine, quiet, staged }
}

function contentOf(files: MemorySystem, path: string): Buffer {
  const storage = files.open(path, false)
  const bytes = Buffer.alloc(storage.size)
  storage.readAt(0, bytes)
  storage.close()
  return bytes
}

const MAKERS: [name: string, run: (engine: Engine) => unknown][] = [
  [
    'create',
    (engine) =>
      engine.create({ path: '/old', format: 'qcow2', size: 2 ** 24, qcow2: { preallocation: 'metadata' }, overwrite: true }, context),
  ],
  ['convert', (engine) => engine.convert({ source: { path: '/top' }, target: { path: '/old', format: 'raw' }, overwrite: true }, context)],
  [
    'convert -c',
    (engine) =>
      engine.convert(
        {
          source: { path: '/top' },
          target: { path: '/old', format: 'qcow2', compress: true, qcow2: { clusterSize: 4096 } },
          overwrite: true,
        },
        context,
      ),
  ],
  [
    'convert --replace-source',
    (engine) =>
      engine.convert(
        { source: { path: '/top' }, target: { path: '/old', format: 'qcow2' }, overwrite: true, replaceSource: true },
        context,
      ),
  ],
]

describe('a call that fails', () => {
  it.each(MAKERS)('during %s leaves the old target as it was, and nothing beside it', (_name, run) => {
    for (let nth = 1; ; nth++) {
      const plan = new FaultPlan({ nth, kinds: ['read', 'write', 'truncate', 'flush'], code: 'NO_SPACE' })
      const { memory, engine, staged } = bench(plan)
      const before = ['/base', '/top', '/old'].map((path) => contentOf(memory, path))
      const error = failure(() => run(engine))
      if (!plan.fired) {
        expect(error).toBeUndefined()
        expect(nth).toBeGreaterThan(3)
        return
      }
      const after = ['/base', '/top', '/old'].map((path) => contentOf(memory, path))
      // A call that fails after the file was published is told, and the new file stands.
      const published = Buffer.compare(after[2]!, before[2]!) !== 0
      expect(error?.code).toBe('NO_SPACE')
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
      for (const path of staged) expect(memory.facts(path), path).toBeUndefined()
      if (published) expect(createEngine(undefined, { files: memory, ...portable }).info({ path: '/old' }, context).layers).toHaveLength(1)
    }
  })

  it('during resize leaves an image without corruption and with all its bytes', () => {
    for (let nth = 1; ; nth++) {
      const plan = new FaultPlan({ nth, gone: true })
      const { memory, engine, quiet } = bench(plan)
      const error = failure(() => engine.resize({ path: '/base', size: SIZE + 4096 * 5000 }, context))
      const report = quiet.check({ path: '/base' }, context)
      expect([report.corruptions, report.checkErrors], `call ${nth}`).toEqual([0, 0])
      const disk = openDisk({ files: memory, ...portable }, '/base', { gate: context.gate })
      const bytes = new Uint8Array(60_000)
      disk.readAt(5000, bytes)
      disk.close()
      expect(Buffer.compare(bytes, new Random(1).bytes(60_000))).toBe(0)
      if (!plan.fired) {
        expect(error).toBeUndefined()
        expect(nth).toBeGreaterThan(3)
        return
      }
      expect(error).toBeInstanceOf(StrataError)
    }
  })
})

describe('a job that is cancelled', () => {
  it('at any checkpoint leaves the old target as it was, and nothing beside it', () => {
    for (let nth = 1; ; nth++) {
      const { memory, engine, staged } = bench()
      let seen = 0
      const job = {
        checkpoint() {
          if (++seen === nth) throw new StrataError('CANCELLED', 'stopped')
        },
        report() {},
      }
      const before = contentOf(memory, '/old')
      const request = { source: { path: '/top' }, target: { path: '/old', format: 'qcow2' }, overwrite: true } as const
      const error = failure(() => engine.convert(request, { ...context, job }))
      if (seen < nth) {
        expect(nth).toBeGreaterThan(1)
        return
      }
      expect(error?.code).toBe('CANCELLED')
      expect(Buffer.compare(contentOf(memory, '/old'), before)).toBe(0)
      for (const path of staged) expect(memory.facts(path)).toBeUndefined()
    }
  })
})

function failure(run: () => unknown): StrataError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof StrataError) return error
    throw error
  }
}
