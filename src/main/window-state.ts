import { join } from 'node:path'
import { screen, type BrowserWindow, type Rectangle } from 'electron'
import * as v from 'valibot'
import { JsonFile } from '../host/json-file.ts'

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

  /** Place and size for a new window; none where no screen shows that place any more. */
  bounds(): Partial<Rectangle> {
    const { bounds } = this.#file.read()
    return bounds && screen.getAllDisplays().some(({ workArea }) => overlap(workArea, bounds)) ? bounds : {}
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

/** Whether a good part of the window, at least 100 × 50 pixels, would be on that screen. */
function overlap(a: Rectangle, b: Rectangle): boolean {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return width >= 100 && height >= 50
}
