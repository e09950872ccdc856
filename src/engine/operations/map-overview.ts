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

/** Disks that were looked at, so that only the first picture of one takes time. What has changed since is looked at anew. */
export class KnownMaps {
  readonly #known = new Map<string, { stamp: string; list: RunList }>()
  readonly #mostBytes: number

  /** `mostBytes` for all of them together. */
  constructor(mostBytes = 2 * MOST_BYTES) {
    this.#mostBytes = mostBytes
  }

  /** The runs that are known of a disk, which may be none. */
  of(name: string, stamp: string): RunList {
    const entry = this.#known.get(name)
    return entry?.stamp === stamp ? entry.list : new RunList(Math.min(MOST_BYTES, this.#mostBytes))
  }

  /** Keeps them; those that nobody asked for the longest go when there are too many. */
  keep(name: string, stamp: string, list: RunList): void {
    this.#known.delete(name)
    this.#known.set(name, { stamp, list })
    let bytes = 0
    for (const { list } of this.#known.values()) bytes += list.size
    for (const [other, { list }] of this.#known) {
      if (bytes <= this.#mostBytes || other === name) break
      this.#known.delete(other)
      bytes -= list.size
    }
  }
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
    const list = lookOn(disk, maps.of(name, stamp), end, milliseconds)
    maps.keep(name, stamp, list)
    // A cell that is not known to its end comes with the next answer.
    const to = list.end >= end ? end : start + Math.floor(Math.max(0, list.end - start) / cellSize) * cellSize
    return { cells: cellsOf(list, start, to, cellSize), ...(to < end && { next: to }), known: list.end, grain: list.grain }
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

/** Adds to what is known of a disk, up to `end` or until the time is over, at least a batch of runs. */
function lookOn(disk: Disk, known: RunList, end: number, milliseconds: number): RunList {
  let list = known
  if (list.end >= end) return list
  const until = performance.now() + milliseconds
  let looked = 0
  for (const run of disk.runs(list.next, disk.size - list.next)) {
    if (list.full) list = list.coarser()
    list.add(run.length, tagOf(run))
    if (list.end >= end || (++looked % BATCH === 0 && performance.now() >= until)) break
  }
  if (list.next === disk.size) list.endBlock()
  return list
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
