import { join } from 'node:path'
import { screen, type BrowserWindow, type Rectangle } from 'electron'
import * as v from 'valibot'
import { JsonFile } from '../host/json-file.ts'

/** Pixels of a window's upper edge. */
const HEAD = 40

const pixels = v.pipe(v.number(), v.safeInteger())
const StateSchema = v.object({
  bounds: v.exactOptional(v.object({ x: pixels, y: pixels, width: pixels, height: pixels })),
  maximized: v.boolean(),
})
type State = v.InferOutput<typeof StateSchema>

/** Where the window was when it was closed, kept as `window.json` in the data folder. */
export class WindowState {
  readonly #file: JsonFile<State>

  constructor(folder: string) {
    this.#file = new JsonFile<State>(join(folder, 'window.json'), StateSchema, () => ({ maximized: false }))
  }

  /** Place and size for a new window; a place that no screen shows any more is moved onto the nearest. */
  bounds(): Partial<Rectangle> {
    const { bounds } = this.#file.read()
    if (!bounds || screen.getAllDisplays().some(({ workArea }) => overlap(workArea, head(bounds)))) return bounds ?? {}
    return within(screen.getDisplayMatching(bounds).workArea, bounds)
  }

  /** Puts the window into the state kept, and keeps its state from now on. */
  follow(window: BrowserWindow): void {
    if (this.#file.read().maximized) window.maximize()
    window.on('close', () => {
      try {
        this.#file.write({ bounds: window.getNormalBounds(), maximized: window.isMaximized() })
      } catch {
        // A window that opens in another place next time is no reason to keep this one open.
      }
    })
  }
}

/** The upper edge, by which a window is moved: who can't reach that can't bring the window back. */
function head({ x, y, width }: Rectangle): Rectangle {
  return { x, y, width, height: HEAD }
}

/** Whether a good part of either, 100 pixels of its width and half of a window's head, is in the other. */
function overlap(a: Rectangle, b: Rectangle): boolean {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return width >= 100 && height >= HEAD / 2
}

/** A window moved into a screen's area, and made smaller where it is larger than that. */
function within(area: Rectangle, bounds: Rectangle): Rectangle {
  const width = Math.min(bounds.width, area.width)
  const height = Math.min(bounds.height, area.height)
  const x = Math.min(Math.max(bounds.x, area.x), area.x + area.width - width)
  const y = Math.min(Math.max(bounds.y, area.y), area.y + area.height - height)
  return { x, y, width, height }
}
