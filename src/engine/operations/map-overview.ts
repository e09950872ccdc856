import { StrataError } from '../../shared/errors.ts'
import { CELL_FIELDS, type MapOverview, type MapOverviewRequest, MOST_CELLS, MOST_DEPTHS } from '../../shared/map-overview.ts'
import type { Disk, DiskRun } from '../device/disk.ts'
import { layerFiles, openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { RunList } from './run-list.ts'

/** Milliseconds for one answer, unless the request says otherwise. */
const PATIENCE = 200
/** Runs between two looks at the clock. */
const BATCH = 1024
/** Bytes that one disk's runs may take: about sixteen million of them. */
const MOST_BYTES = 64 * 2 ** 20

const KINDS = { hole: 0, data: 1, packed: 2, zero: 3 } as const
const KIND_COUNT = 4

/** Bytes that the runs of a part may take, that was asked for before the pass from the start came there. */
const MOST_PART_BYTES = MOST_BYTES / 4

/** What is known of a disk. */
interface KnownMap {
  /** its runs from the start on */
  list: RunList
  /** and those from a place on that a picture was asked for before the others came there */
  part?: Part
}

/** Disks that were looked at, so that only the first picture of one takes time. What has changed since is looked at anew. */
export class KnownMaps {
  readonly #known = new Map<string, { stamp: string; map: KnownMap }>()
  readonly #mostBytes: number
  /** bytes that the runs of a part may take */
  readonly partBytes: number

  /** `mostBytes` for all of them together, `partBytes` for a part of one that its pass from the start has not come to. */
  constructor(mostBytes = 2 * MOST_BYTES, partBytes = MOST_PART_BYTES) {
    this.#mostBytes = mostBytes
    this.partBytes = partBytes
  }

  /** What is known of a disk, which may be nothing. */
  of(name: string, stamp: string): KnownMap {
    const entry = this.#known.get(name)
    return entry?.stamp === stamp ? entry.map : { list: new RunList(Math.min(MOST_BYTES, this.#mostBytes)) }
  }

  /** Keeps it; what nobody asked for the longest goes when there is too much. */
  keep(name: string, stamp: string, map: KnownMap): void {
    this.#known.delete(name)
    this.#known.set(name, { stamp, map })
    let bytes = 0
    for (const { map } of this.#known.values()) bytes += bytesOf(map)
    for (const [other, { map }] of this.#known) {
      if (bytes <= this.#mostBytes || other === name) break
      this.#known.delete(other)
      bytes -= bytesOf(map)
    }
  }
}

function bytesOf({ list, part }: KnownMap): number {
  return list.size + (part?.list.size ?? 0)
}

/** A guest range as a picture shows it: what each of its cells holds, and in which layer most of it lies. Guest bytes are not read. */
export function mapOverview(
  platform: Platform,
  maps: KnownMaps,
  request: MapOverviewRequest,
  { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>,
): MapOverview {
  const { start, length, cellSize, milliseconds = PATIENCE, path, ...source } = request
  assertCells(request)
  const disk = openDisk(platform, path, { gate, secrets, ...source })
  try {
    const end = Math.min(disk.size, start + length)
    if (end <= start) return { cells: [], known: 0, grain: 0 }
    const name = JSON.stringify([path, source.format, source.snapshot])
    const stamp = stampOf(platform, disk)
    const map = maps.of(name, stamp)
    const { from, list } = lookOn(disk, map, { start, end, milliseconds }, maps.partBytes)
    maps.keep(name, stamp, map)
    const known = from + list.end
    // A cell that is not known to its end comes with the next answer.
    const to = known >= end ? end : start + Math.floor(Math.max(0, known - start) / cellSize) * cellSize
    const cells = cellsOf(list, start - from, to - from, cellSize)
    return { cells, ...(to < end && { next: to }), known: map.list.end, grain: list.grain }
  } finally {
    disk.close()
  }
}

function assertCells({ path, start, length, cellSize, milliseconds = 0 }: MapOverviewRequest): void {
  for (const [field, value] of Object.entries({ start, length, cellSize, milliseconds }))
    if (!Number.isSafeInteger(value) || value < (field === 'cellSize' ? 1 : 0) || !Number.isSafeInteger(start + length))
      throw new StrataError('INVALID_ARGUMENT', 'A place and a length on a disk are whole numbers', { path, field })
  if (length > cellSize * MOST_CELLS)
    throw new StrataError('INVALID_ARGUMENT', `A picture has at most ${MOST_CELLS} cells`, { path, field: 'cellSize' })
}

/** What changes when the files of a chain do. */
function stampOf(platform: Platform, disk: Disk): string {
  const facts = []
  for (let layer: Disk | undefined = disk; layer; layer = layer.below)
    for (const file of Object.values(layerFiles(platform, layer))) {
      const { size, allocated, modified } = platform.files.facts(file) ?? {}
      facts.push([file, size, allocated, modified])
    }
  return JSON.stringify(facts)
}

/** Runs from a place of the disk on; in the list they are counted from that place. */
interface Part {
  from: number
  list: RunList
}

/** The range that is wanted, and how long may be looked. */
interface Look {
  start: number
  end: number
  milliseconds: number
}

/**
 * Looks at more of a disk, and gives the runs that a picture from `start` on is counted from: a picture of a part that the pass from the disk's start
 * has not come to does not wait for it.
 */
function lookOn(disk: Disk, map: KnownMap, { start, end, milliseconds }: Look, partBytes: number): Part {
  if (start > map.list.next) {
    const { part } = map
    const reached = part && part.from <= start && start <= part.from + part.list.end
    const wanted = reached ? part : { from: start, list: new RunList(partBytes) }
    addRuns(disk, wanted, end, milliseconds)
    if (!wanted.list.full) return (map.part = wanted)
    // The pass from the start can tell that many more roughly.
    delete map.part
  }
  const whole = { from: 0, list: map.list }
  addRuns(disk, whole, end, milliseconds, true)
  map.list = whole.list
  return whole
}

/** Adds to a part, up to `end` or until the time is over, at least a batch of runs; not more than there is room for, unless it may get coarser. */
function addRuns(disk: Disk, part: Part, end: number, milliseconds: number, mayCoarsen = false): void {
  const { from } = part
  if (from + part.list.end >= end) return
  const until = performance.now() + milliseconds
  const next = from + part.list.next
  let looked = 0
  for (const run of disk.runs(next, disk.size - next)) {
    if (part.list.full) {
      if (!mayCoarsen) return
      part.list = part.list.coarser()
    }
    part.list.add(run.length, tagOf(run))
    if (from + part.list.end >= end || (++looked % BATCH === 0 && performance.now() >= until)) break
  }
  if (from + part.list.next === disk.size) part.list.endBlock()
}

function tagOf({ kind, hole, depth }: DiskRun): number {
  return Math.min(depth, MOST_DEPTHS - 1) * KIND_COUNT + (hole ? KINDS.hole : KINDS[kind])
}

/** The cells of `[start, end)`, alike ones together. */
function cellsOf(list: RunList, start: number, end: number, cellSize: number): number[] {
  const cells: number[] = []
  const kinds = new Float64Array(KIND_COUNT)
  const depths = new Float64Array(MOST_DEPTHS)
  const put = (count: number): void => {
    const depth = depths.reduce((most, bytes, i) => (bytes > (most < 0 ? 0 : depths[most]!) ? i : most), -1)
    const cell = [kinds[KINDS.data]!, kinds[KINDS.packed]!, kinds[KINDS.zero]!, depth]
    const last = cells.length - CELL_FIELDS
    if (last >= 0 && cell.every((value, i) => cells[last + 1 + i] === value)) cells[last]! += count
    else cells.push(count, ...cell)
    kinds.fill(0)
    depths.fill(0)
  }
  let cellEnd = Math.min(end, start + cellSize)
  list.each(start, end, (at, length, tag) => {
    const kind = tag % KIND_COUNT
    const depth = (tag - kind) / KIND_COUNT
    const runEnd = Math.min(end, at + length)
    for (let from = Math.max(start, at); from < runEnd;) {
      const to = Math.min(runEnd, cellEnd)
      kinds[kind]! += to - from
      if (kind !== KINDS.hole) depths[depth]! += to - from
      from = to
      if (to < cellEnd) break
      put(1)
      cellEnd = Math.min(end, cellEnd + cellSize)
    }
  })
  return cells
}
