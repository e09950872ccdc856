import { describe, expect, it } from 'vitest'
import type { MapOverview, MapOverviewRequest } from '../../../../src/shared/map-overview.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { KnownMaps, mapOverview } from '../../../../src/engine/operations/map-overview.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 4096

/** Files in memory, whose reads are counted. */
function bench() {
  const reads = { count: 0 }
  class Counting extends StorageDecorator {
    override readAt(at: number, into: Uint8Array): void {
      reads.count++
      super.readAt(at, into)
    }
  }
  const files = new MemorySystem()
  const platform = { files: wrapSystem(files, (storage) => new Counting(storage)), ...portable }
  const engine = createEngine(undefined, platform)
  const change = (path: string, run: (disk: ReturnType<typeof openDisk>) => void): void => {
    const disk = openDisk(platform, path, { ...context, writable: true })
    run(disk)
    disk.close()
  }
  return { files, platform, engine, reads, change }
}

/** An overlay on an overlay on a raw disk that is shorter, each with some clusters of every kind. */
function chain(clusters = 300) {
  const made = bench()
  const { engine, change } = made
  const random = new Random(clusters)
  engine.create({ path: '/base', format: 'raw', size: (clusters - 50) * CLUSTER + 512, overwrite: false }, context)
  change('/base', (disk) => disk.writeAt(20 * CLUSTER, new Uint8Array(90 * CLUSTER).fill(1)))
  for (const [path, name, format] of [
    ['/middle', 'base', 'raw'],
    ['/top', 'middle', 'qcow2'],
  ] as const) {
    engine.create(
      { path, format: 'qcow2', size: clusters * CLUSTER, backing: { name, format }, qcow2: { clusterSize: CLUSTER }, overwrite: false },
      context,
    )
    change(path, (disk) => {
      for (let i = 0; i < clusters / 20; i++) {
        const at = random.below(clusters - 8) * CLUSTER
        if (i % 3 === 0) disk.zeroAt(at, 4 * CLUSTER)
        else if (i % 3 === 1) disk.writeAt(at, random.bytes(5 * CLUSTER))
        else disk.writePacked(at, disk.driver.codec!.pack(random.text(CLUSTER))!)
      }
    })
  }
  return made
}

interface Cell {
  data: number
  packed: number
  zero: number
  depth: number
}

function unpacked({ cells }: MapOverview): Cell[] {
  const all: Cell[] = []
  for (let i = 0; i < cells.length; i += 5) {
    const [count, data, packed, zero, depth] = cells.slice(i, i + 5) as [number, number, number, number, number]
    for (let n = 0; n < count; n++) all.push({ data, packed, zero, depth })
  }
  return all
}

/** All answers that a request leads to, as one. */
function followed(ask: (request: MapOverviewRequest) => MapOverview, request: MapOverviewRequest): { cells: Cell[]; answers: number } {
  const cells: Cell[] = []
  const end = request.start + request.length
  let answers = 0
  for (let next: number | undefined = request.start; next !== undefined; answers++) {
    const answer = ask({ ...request, start: next, length: end - next })
    cells.push(...unpacked(answer))
    next = answer.next
  }
  return { cells, answers }
}

/** The same cells, counted from the disk's own runs. */
function expected({ platform }: ReturnType<typeof bench>, path: string, start: number, end: number, cellSize: number): Cell[] {
  const disk = openDisk(platform, path, context)
  const cells: Cell[] = []
  for (let at = start; at < Math.min(end, disk.size); at += cellSize) {
    const cell = { data: 0, packed: 0, zero: 0, depth: -1 }
    const layers = new Map<number, number>()
    for (const { kind, hole, depth, length } of disk.runs(at, Math.min(cellSize, end - at, disk.size - at))) {
      if (hole) continue
      cell[kind] += length
      layers.set(depth, (layers.get(depth) ?? 0) + length)
    }
    const most = Math.max(...layers.values())
    cell.depth = Math.min(...[...layers].flatMap(([depth, bytes]) => (bytes === most ? [depth] : [])), Infinity)
    cells.push({ ...cell, depth: layers.size === 0 ? -1 : cell.depth })
  }
  disk.close()
  return cells
}

describe('the cells of a picture', () => {
  it.each([
    [0, 300 * CLUSTER, CLUSTER],
    [0, 300 * CLUSTER, 7 * CLUSTER],
    [0, 300 * CLUSTER, 300 * CLUSTER],
    [17 * CLUSTER + 100, 50_000, 999],
    [290 * CLUSTER, 100 * CLUSTER, CLUSTER / 2],
  ])('hold from %i on, for %i bytes in cells of %i, what the chain’s runs say', (start, length, cellSize) => {
    const made = chain()
    const picture = made.engine.mapOverview({ path: '/top', start, length, cellSize }, context)
    expect(picture).not.toHaveProperty('next')
    expect(unpacked(picture)).toEqual(expected(made, '/top', start, start + length, cellSize))
    expect(made.files.openHandles).toBe(0)
  })

  it('of every kind and layer are there, and alike ones are told together', () => {
    const { engine } = chain()
    const cells = unpacked(engine.mapOverview({ path: '/top', start: 0, length: 300 * CLUSTER, cellSize: CLUSTER }, context))
    for (const kind of ['data', 'packed', 'zero'] as const) expect(cells.some((cell) => cell[kind] === CLUSTER)).toBe(true)
    expect(new Set(cells.map(({ depth }) => depth))).toEqual(new Set([-1, 0, 1, 2]))
    const empty = bench()
    empty.engine.create({ path: '/empty', format: 'qcow2', size: 2 ** 40, overwrite: false }, context)
    expect(empty.engine.mapOverview({ path: '/empty', start: 0, length: 2 ** 40, cellSize: 2 ** 24 }, context)).toEqual({
      cells: [65_536, 0, 0, 0, -1],
      known: 2 ** 40,
      grain: 0,
    })
  })

  it('are none past the end of the disk', () => {
    const { engine } = chain()
    const past = engine.mapOverview({ path: '/top', start: 300 * CLUSTER, length: CLUSTER, cellSize: 512 }, context)
    expect(past).toEqual({ cells: [], known: 0, grain: 0 })
  })

  it('can be those of a snapshot', () => {
    const { engine, change } = chain()
    const whole = { path: '/top', start: 0, length: 300 * CLUSTER, cellSize: CLUSTER }
    const before = engine.mapOverview(whole, context).cells
    engine.snapshot({ path: '/top', action: { do: 'create', name: 'one' } }, context)
    change('/top', (disk) => disk.writeAt(0, new Uint8Array(20 * CLUSTER).fill(1)))
    expect(engine.mapOverview({ ...whole, snapshot: 'one' }, context).cells).toEqual(before)
    expect(engine.mapOverview(whole, context).cells.slice(0, 5)).toEqual([20, CLUSTER, 0, 0, 0])
  })

  it.each([
    ['start', { start: -1 }],
    ['length', { length: 0.5 }],
    ['cellSize', { cellSize: 0 }],
    ['cellSize', { length: 65_537 * 512, cellSize: 512 }],
  ])('are refused for a wrong %s', (_field, wrong) => {
    const { engine } = chain()
    expect(codeOf(() => engine.mapOverview({ path: '/top', start: 0, length: 512, cellSize: 512, ...wrong }, context))).toBe(
      'INVALID_ARGUMENT',
    )
  })
})

describe('a disk of many runs', () => {
  const CLUSTERS = 40_000
  /** Every other cluster is zeros. */
  function many() {
    const made = bench()
    made.engine.create(
      { path: '/many', format: 'qcow2', size: CLUSTERS * CLUSTER, qcow2: { clusterSize: CLUSTER }, overwrite: false },
      context,
    )
    made.change('/many', ({ driver }) => {
      for (let i = 0; i < CLUSTERS; i += 2) driver.writer!.zero(i * CLUSTER, CLUSTER)
    })
    return made
  }
  const whole = { path: '/many', start: 0, length: CLUSTERS * CLUSTER, cellSize: CLUSTER }

  it('is told bit by bit, and whole in the end', () => {
    const made = many()
    const { cells, answers } = followed((request) => made.engine.mapOverview(request, context), { ...whole, milliseconds: 0 })
    expect(answers).toBeGreaterThan(20)
    expect(cells).toHaveLength(CLUSTERS)
    expect(cells.every(({ zero }, i) => zero === (i % 2 === 0 ? CLUSTER : 0))).toBe(true)
  })

  it('is looked at where the picture begins, before the pass from its start has come there', () => {
    const made = many()
    const { engine, reads } = made
    const end = { ...whole, start: (CLUSTERS - 10) * CLUSTER, length: 10 * CLUSTER, milliseconds: 0 }
    const { cells, ...rest } = engine.mapOverview(end, context)
    expect(rest).toEqual({ known: 0, grain: 0 })
    expect(unpacked({ cells } as MapOverview)).toEqual(expected(made, '/many', end.start, end.start + end.length, CLUSTER))
    // What opening the image takes, and one of its 79 tables of the map.
    reads.count = 0
    engine.mapOverview({ ...end, start: (CLUSTERS / 2) * CLUSTER }, context)
    expect(reads.count).toBeLessThan(12)
  })

  it('is told bit by bit from a place on, each answer going on where the last one ended', () => {
    const made = many()
    const part = { ...whole, start: 9_999 * CLUSTER + 512, length: 20_000 * CLUSTER, cellSize: 7 * CLUSTER, milliseconds: 0 }
    const { cells, answers } = followed((request) => made.engine.mapOverview(request, context), part)
    expect(answers).toBeGreaterThan(10)
    expect(answers).toBeLessThan(25)
    expect(cells).toEqual(expected(made, '/many', part.start, part.start + part.length, part.cellSize))
    // Within what is known by now: no further look.
    made.reads.count = 0
    const within = { ...part, start: 15_000 * CLUSTER, length: 100 * CLUSTER, cellSize: CLUSTER }
    expect(unpacked(made.engine.mapOverview(within, context))).toHaveLength(100)
    expect(made.reads.count).toBeLessThan(10)
  })

  it('whose cell holds more runs than a part has room for is told by the pass from its start', () => {
    const { platform } = many()
    const maps = new KnownMaps(2 ** 20, 2 ** 13)
    const half = { ...whole, start: CLUSTERS * CLUSTER * 0.5, length: CLUSTERS * CLUSTER * 0.5, cellSize: CLUSTERS * CLUSTER * 0.5 }
    const { cells, answers } = followed((request) => mapOverview(platform, maps, request, context), { ...half, milliseconds: 0 })
    expect(answers).toBeGreaterThan(10)
    expect(cells).toEqual([{ data: 0, packed: 0, zero: (CLUSTERS / 4) * CLUSTER, depth: 0 }])
  })

  it('is not looked at again for the next picture, until it has changed', () => {
    const { engine, reads, change } = many()
    engine.mapOverview({ ...whole, milliseconds: 60_000 }, context)
    reads.count = 0
    const part = { ...whole, start: 2000 * CLUSTER, length: 64 * CLUSTER, milliseconds: 0 }
    expect(unpacked(engine.mapOverview(part, context))).toHaveLength(64)
    // What opening the image takes, and none of its 79 tables of the map.
    expect(reads.count).toBeLessThan(10)
    change('/many', (disk) => disk.writeAt(2000 * CLUSTER, new Uint8Array(CLUSTER).fill(1)))
    expect(unpacked(engine.mapOverview(part, context))[0]).toMatchObject({ data: CLUSTER, depth: 0 })
    expect(unpacked(engine.mapOverview({ ...part, milliseconds: 60_000 }, context))[0]).toMatchObject({ data: CLUSTER, depth: 0 })
  })

  it('that takes more room than there is for it is told more roughly, and every byte still counts', () => {
    const { platform } = many()
    const maps = new KnownMaps(2 ** 16)
    const picture = mapOverview(platform, maps, { ...whole, cellSize: 2 ** 20, milliseconds: 60_000 }, context)
    expect(picture.grain).toBeGreaterThan(CLUSTER)
    const cells = unpacked(picture)
    expect(cells.slice(0, -1).every(({ zero }) => Math.abs(zero - 2 ** 19) <= picture.grain)).toBe(true)
    expect(cells.reduce((sum, { zero }) => sum + zero, 0)).toBe((CLUSTERS / 2) * CLUSTER)
  })

  it('goes when others were asked for since, and there is no room for all', () => {
    const { platform, engine, reads } = many()
    engine.create({ path: '/other', format: 'qcow2', size: CLUSTER, overwrite: false }, context)
    const maps = new KnownMaps(2 ** 17)
    const ask = (path: string) => mapOverview(platform, maps, { ...whole, path, milliseconds: 60_000 }, context)
    ask('/many')
    reads.count = 0
    ask('/many')
    expect(reads.count).toBeLessThan(10)
    ask('/other')
    ask('/many')
    expect(reads.count).toBeGreaterThan(79)
  })
})
