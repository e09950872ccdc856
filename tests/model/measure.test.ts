import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../src/shared/model.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../src/engine/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { native } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const platform = { files: nodeFileSystem, ...native }
const MIB = 2 ** 20

/** What is written and what is measured follow from the seed. */
const SEEDS = Array.from({ length: 60 }, (_, i) => 1000 + i)

describe('Measured before, and converted', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-measure-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const engine = createEngine(undefined, platform)

  it.each(SEEDS)('the file is as long as was foretold, or at most two hundredths shorter (seed %i)', (seed) => {
    const random = new Random(seed)
    const source = join(folder, `source-${seed}`)
    const top = makeSource(source, random)
    const format = random.below(5) === 0 ? 'raw' : 'qcow2'
    const target = { format, ...(format === 'qcow2' && { qcow2: randomOptions(random) }) } as const
    const told = engine.measure({ source: { path: top }, target }, context)

    const path = join(folder, `target-${seed}`)
    const dataFile = target.qcow2?.dataFile
    engine.convert({ source: { path: top }, target: { ...target, path }, overwrite: false }, context)
    const { size } = statSync(path)
    expect(told.required, JSON.stringify(target)).toBeGreaterThanOrEqual(size)
    expect(told.required, JSON.stringify(target)).toBeLessThanOrEqual(size * 1.02)
    expect(told.fullyAllocated).toBeGreaterThanOrEqual(told.required)
    if (dataFile !== undefined) expect(told.dataFile).toBe(statSync(join(folder, dataFile)).size)
  })

  it('a bound and an estimate of a compressed target', () => {
    const random = new Random(5)
    const source = join(folder, 'to-pack')
    engine.create({ path: source, format: 'raw', size: 24 * MIB, overwrite: false }, context)
    const disk = openDisk(platform, source, { ...context, format: 'raw', writable: true })
    disk.writeAt(0, random.text(16 * MIB))
    disk.writeAt(16 * MIB, random.bytes(MIB))
    disk.close()
    const told = engine.measure({ source: { path: source, format: 'raw' }, target: { format: 'qcow2', compress: true } }, context)
    const path = join(folder, 'packed')
    engine.convert(
      { source: { path: source, format: 'raw' }, target: { path, format: 'qcow2', compress: true }, overwrite: false },
      context,
    )
    const { size } = statSync(path)
    expect(told.required).toBeGreaterThanOrEqual(size)
    expect(Math.abs(told.estimate! - size)).toBeLessThan(size)
  })

  /** An image, or a short chain, with data, written zeros and holes; answers with its top. */
  function makeSource(path: string, random: Random): string {
    const size = alignedTo(512, 1 + random.below(random.below(3) === 0 ? 24 * MIB : 3 * MIB))
    const isRaw = random.below(3) === 0
    engine.create({ path, format: isRaw ? 'raw' : 'qcow2', size, overwrite: false }, context)
    fill(path, size, random)
    if (random.below(3) > 0) return path
    const over = `${path}-over`
    const qcow2 = { clusterSize: 2 ** (9 + random.below(9)) }
    engine.create(
      { path: over, format: 'qcow2', backing: { name: path, format: isRaw ? 'raw' : 'qcow2' }, qcow2, overwrite: false },
      context,
    )
    fill(over, size, random)
    return over
  }

  function fill(path: string, size: number, random: Random): void {
    const disk = openDisk(platform, path, { ...context, writable: true })
    for (let writes = random.below(12); writes > 0; writes--) {
      const at = random.below(size)
      const length = Math.min(size - at, random.length(MIB))
      const what = random.below(4)
      if (what === 0) disk.zeroAt(at, length)
      else disk.writeAt(at, what === 1 ? new Uint8Array(length) : random.bytes(length))
    }
    disk.close()
  }

  function randomOptions(random: Random): Qcow2Options {
    const extendedL2 = random.below(4) === 0
    const v2 = !extendedL2 && random.below(4) === 0
    const clusterSize = 2 ** (extendedL2 ? 14 + random.below(8) : 9 + random.below(13))
    return {
      clusterSize,
      compat: v2 ? '0.10' : '1.1',
      ...(extendedL2 && { extendedL2 }),
      ...(!v2 && { refcountBits: 2 ** random.below(7) }),
      ...(random.below(4) === 0 && { preallocation: (['metadata', 'falloc', 'full'] as const)[random.below(3)]! }),
      ...(!v2 && random.below(5) === 0 && { dataFile: `data-${random.next()}`, ...(random.below(2) === 0 && { dataFileRaw: true }) }),
    }
  }
})

function alignedTo(unit: number, bytes: number): number {
  return Math.ceil(bytes / unit) * unit
}
