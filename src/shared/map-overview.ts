import type { SourceImage } from './requests.ts'

/** A guest range in cells, as a picture of it is drawn. The first cell begins at `start`; the last one ends with the range, and may be shorter. */
export interface MapOverviewRequest extends SourceImage {
  /** guest bytes; what lies past the end of the disk is left out */
  start: number
  length: number
  /** guest bytes of one cell; the range has at most `MOST_CELLS` of them */
  cellSize: number
  /** time for this answer; what a first look at the disk takes longer than that comes with the next one. Default 200. */
  milliseconds?: number
}

export const MOST_CELLS = 65_536
/** Layers that are told apart; deeper ones count as the last of them. */
export const MOST_DEPTHS = 64

/** How many cells one group of `MapOverview.cells` takes in it. */
export const CELL_FIELDS = 5

export interface MapOverview {
  /**
   * The cells in order, packed: groups of five numbers. Each begins with how many cells are alike, and goes on with what each of them holds: bytes of
   * data, of packed data, of what a layer says are zeros, and the depth of the layer that most of them are of, -1 where there are none. What is
   * left of a cell is a hole, of which nothing is stored.
   */
  cells: number[]
  /** where to go on, with a request that begins there, if there is more; `start` itself where nothing is known of the range yet */
  next?: number
  /** guest bytes from the start of the disk that were looked at by now */
  known: number
  /** the disk has so many runs that within blocks of so many bytes, which begin at multiples of it, their order was not kept; 0 for none */
  grain: number
}
