import { CELL_FIELDS, type MapOverview } from '../../../shared/map-overview.ts'
import type { MapRun } from '../../../shared/requests.ts'

/** What a cell shows: most of what it holds, and where that lies. */
export const MAP_KINDS = ['data', 'packed', 'below', 'zero', 'hole'] as const
export type MapKind = (typeof MAP_KINDS)[number]

/** The kind of a range wherever it lies: its layer is told beside it. In a raw layer, what reads as zeros without being stored is a hole. */
export function kindOfRun({ data, zero, compressed, present }: MapRun, inRaw: boolean): MapKind {
  if (!present) return 'hole'
  if (zero || !data) return inRaw ? 'hole' : 'zero'
  return compressed ? 'packed' : 'data'
}

/** Bytes of each kind. */
export type MapSums = Record<MapKind, number>

/** The cells of one picture, as arrays: taking an answer in costs a step a cell, however many runs the disk has. */
export class MapCells {
  readonly count: number
  readonly data: Float64Array
  readonly packed: Float64Array
  readonly zero: Float64Array
  /** the layer that most of a cell is of, 0 for the top one; -1 where nothing is stored */
  readonly depth: Int16Array
  /** cells that are known, from the first on */
  known = 0

  constructor(count: number) {
    this.count = count
    this.data = new Float64Array(count)
    this.packed = new Float64Array(count)
    this.zero = new Float64Array(count)
    this.depth = new Int16Array(count).fill(-1)
  }

  /** Takes an answer that goes on where the last one ended. */
  take({ cells }: Pick<MapOverview, 'cells'>): void {
    for (let at = 0; at + CELL_FIELDS <= cells.length; at += CELL_FIELDS) {
      const from = this.known
      const to = Math.min(this.count, from + cells[at]!)
      this.data.fill(cells[at + 1]!, from, to)
      this.packed.fill(cells[at + 2]!, from, to)
      this.zero.fill(cells[at + 3]!, from, to)
      this.depth.fill(cells[at + 4]!, from, to)
      this.known = to
    }
  }

  /** Bytes of a cell that are stored as data, packed or not. */
  stored(index: number): number {
    return this.data[index]! + this.packed[index]!
  }

  /** The kind that a cell shows. What is stored wins over zeros however little it is: a lone cluster must not get lost. */
  kind(index: number): MapKind {
    const [data, packed] = [this.data[index]!, this.packed[index]!]
    if (data + packed > 0) return this.depth[index]! > 0 ? 'below' : packed > data ? 'packed' : 'data'
    return this.zero[index]! > 0 ? 'zero' : 'hole'
  }

  /** Bytes that each of so many layers holds of the known cells, each cell counted for the layer that most of it is of. */
  byDepth(layers: number): Float64Array {
    const bytes = new Float64Array(layers)
    for (let i = 0; i < this.known; i++) {
      const depth = this.depth[i]!
      if (depth >= 0 && depth < layers) bytes[depth]! += this.stored(i) + this.zero[i]!
    }
    return bytes
  }

  /** Bytes of each kind in all known cells, of which each but the last has `cellSize`; `end` is where the last of all ends, counted from the first. */
  sums(cellSize: number, end: number): MapSums {
    const sums: MapSums = { data: 0, packed: 0, below: 0, zero: 0, hole: 0 }
    for (let i = 0; i < this.known; i++) {
      const stored = this.stored(i)
      if (this.depth[i]! > 0) sums.below += stored
      else {
        sums.data += this.data[i]!
        sums.packed += this.packed[i]!
      }
      sums.zero += this.zero[i]!
      sums.hole += Math.min(cellSize, end - i * cellSize) - stored - this.zero[i]!
    }
    return sums
  }
}
