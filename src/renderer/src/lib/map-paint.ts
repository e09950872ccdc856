import type { MapCells, MapKind } from './map-cells.ts'

/** What is drawn with: a colour for each kind or each layer, and how. */
export interface MapPaint {
  kinds: Record<MapKind, string>
  /** colours of the layers, the top one first; deeper ones take turns */
  layers: readonly string[]
  ground: string
  byLayer: boolean
  /** marks on the kinds, for eyes that don't tell the colours apart */
  patterns: boolean
}

/** The grid of a picture, in pixels of the page. */
export interface MapGrid {
  columns: number
  /** side of a cell with the gap after it */
  pitch: number
  gap: number
}

/** Shares of a cell are drawn in so many strengths. */
const STRENGTHS = 4

/**
 * Draws the cells `[from, to)`. Cells that look alike are drawn with one path, so that the cost is that of the cells and not of what the
 * disk holds. A cell that is only partly in use is paler, in steps.
 */
export function paintCells(
  context: CanvasRenderingContext2D,
  cells: MapCells,
  cellSize: number,
  grid: MapGrid,
  paint: MapPaint,
  from = 0,
  to = cells.known,
): void {
  const paths = new Map<string, { path: Path2D; colour: string; alpha: number; kind: MapKind }>()
  const side = grid.pitch - grid.gap
  for (let i = from; i < to; i++) {
    const kind = cells.kind(i)
    const used = kind === 'zero' ? cells.zero[i]! : kind === 'hole' ? cellSize : cells.stored(i)
    const strength = Math.max(1, Math.ceil((used / cellSize) * STRENGTHS))
    const depth = paint.byLayer && kind !== 'hole' ? cells.depth[i]! : -1
    const key = `${kind} ${strength} ${depth}`
    let group = paths.get(key)
    if (!group) {
      const colour = depth >= 0 ? paint.layers[depth % paint.layers.length]! : paint.kinds[kind]
      paths.set(key, (group = { path: new Path2D(), colour, alpha: 0.4 + (0.6 * strength) / STRENGTHS, kind }))
    }
    group.path.rect((i % grid.columns) * grid.pitch, Math.floor(i / grid.columns) * grid.pitch, side, side)
  }
  for (const { path, colour, alpha, kind } of paths.values()) {
    context.globalAlpha = kind === 'hole' ? 1 : alpha
    context.fillStyle = colour
    context.fill(path)
  }
  context.globalAlpha = 1
  if (paint.patterns) paintPatterns(context, cells, grid, paint.ground, from, to)
}

/** A mark inside each cell by its kind: packed a dot, below a bar at its foot, zero a slash. Data has none, and a hole nothing at all. */
function paintPatterns(context: CanvasRenderingContext2D, cells: MapCells, grid: MapGrid, colour: string, from: number, to: number): void {
  const marks = new Path2D()
  const side = grid.pitch - grid.gap
  for (let i = from; i < to; i++) {
    const kind = cells.kind(i)
    const x = (i % grid.columns) * grid.pitch
    const y = Math.floor(i / grid.columns) * grid.pitch
    if (kind === 'packed') marks.rect(x + side / 3, y + side / 3, side / 3, side / 3)
    else if (kind === 'below') marks.rect(x, y + (side * 2) / 3, side, side / 5)
    else if (kind === 'zero') {
      marks.moveTo(x, y + side)
      marks.lineTo(x + side, y)
      marks.lineTo(x + side, y + side / 4)
      marks.lineTo(x + side / 4, y + side)
    }
  }
  context.fillStyle = colour
  context.fill(marks)
}
