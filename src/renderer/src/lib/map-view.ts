/** A range of a disk as a picture shows it: a whole number of cells from `start` on. Guest bytes. */
export interface MapView {
  start: number
  length: number
  cellSize: number
}

/** What a picture is made of: the disk's size, the smallest thing worth a cell, and how many cells there is room for. */
export interface MapFrame {
  size: number
  /** guest bytes; a cell is a multiple of it */
  cluster: number
  cells: number
}

/** The view of at least `[start, start + length)` that fits into the frame. */
export function viewOf(frame: MapFrame, start: number, length: number): MapView {
  const { size, cluster, cells } = frame
  const wanted = Math.max(1, Math.min(size, length))
  const cellSize = Math.max(1, Math.ceil(wanted / cells / cluster)) * cluster
  const whole = Math.ceil(size / cellSize)
  const count = Math.min(cells, whole)
  const first = Math.max(0, Math.min(Math.floor(start / cellSize), whole - count))
  const begin = first * cellSize
  return { start: begin, length: Math.min(size - begin, count * cellSize), cellSize }
}

/** The view zoomed by `factor` (over 1 comes nearer), with the byte at `anchor` staying where it is as far as the disk's ends allow. */
export function zoomed(frame: MapFrame, view: MapView, factor: number, anchor: number): MapView {
  const clusters = view.cellSize / factor / frame.cluster
  // Rounded so that each step changes something, until a cell is one cluster.
  const cellSize = Math.max(1, factor > 1 ? Math.floor(clusters) : Math.ceil(clusters)) * frame.cluster
  const length = Math.min(frame.size, cellSize * frame.cells)
  const share = view.length === 0 ? 0 : (anchor - view.start) / view.length
  return viewOf(frame, anchor - share * length, length)
}

/** The view moved by whole cells. */
export function panned(frame: MapFrame, view: MapView, cells: number): MapView {
  return viewOf(frame, view.start + cells * view.cellSize, view.length)
}

/** How many cells a view has; its last one may be shorter than the others. */
export function cellCount(view: MapView): number {
  return Math.ceil(view.length / view.cellSize)
}

/** The guest range of a cell. */
export function cellRange(view: MapView, index: number): { start: number; length: number } {
  const start = view.start + index * view.cellSize
  return { start, length: Math.min(view.cellSize, view.start + view.length - start) }
}

/** Sides of a cell with the gap after it, in pixels: a picture of few things gets large cells. */
const SMALLEST = 9
const LARGEST = 24

/** The largest pitch at which so many cells have room in a picture of that size, in pixels; the smallest one, if they have none at all. */
export function cellPitch(width: number, height: number, cells: number): number {
  for (let pitch = LARGEST; pitch > SMALLEST; pitch--) if (Math.floor(width / pitch) * Math.floor(height / pitch) >= cells) return pitch
  return SMALLEST
}

/** The place that a person typed: bytes, hexadecimal, or a number with a unit (`1.5G`, `0x10000`). Undefined where none can be read. */
export function parseOffset(text: string): number | undefined {
  const hexadecimal = /^\s*0x([0-9a-f]+)\s*$/i.exec(text)
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text)
  const letter = match?.[2]?.toLowerCase() ?? ''
  const scale = letter === '' ? 1 : 1024 ** ('kmgtp'.indexOf(letter) + 1)
  const offset = hexadecimal ? parseInt(hexadecimal[1]!, 16) : match ? Math.floor(Number(match[1]!.replace(',', '.')) * scale) : undefined
  return offset !== undefined && Number.isSafeInteger(offset) ? offset : undefined
}
