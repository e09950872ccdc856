import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserWindow as Real, BrowserWindowConstructorOptions, Item, Rectangle, WebContents } from 'electron'
import { control } from './control.ts'
import { cancellable } from './events.ts'
import { servePage, type PageServer } from './page-server.ts'

/** The methods of a window that Strata calls; the compiler compares them with the real ones. */
type Used = Pick<
  Real,
  'show' | 'focus' | 'restore' | 'isMinimized' | 'maximize' | 'isMaximized' | 'getNormalBounds' | 'loadFile' | 'setProgressBar'
>

/** All open windows, and who wants to know of them. */
class Windows extends Set<BrowserWindow> {
  onCreated: (listener: (window: BrowserWindow) => void) => void = (listener) => (this.created = listener)
  onAllClosed: (listener: () => void) => void = (listener) => (this.allClosed = listener)
  created: (window: BrowserWindow) => void = () => undefined
  allClosed: () => void = () => undefined
}
export const windows = new Windows()

class StandInContents extends EventEmitter {
  readonly ipc = new EventEmitter()
  mainFrame = { url: 'about:blank' }
  page: PageServer | undefined
  destroyed = false

  send(channel: string, ...args: unknown[]): void {
    this.page?.send(structuredClone({ channel, args }))
  }

  isDestroyed(): boolean {
    return this.destroyed
  }

  setWindowOpenHandler(): void {}

  /** As Electron: refuses to drag without a picture. */
  startDrag({ file, icon }: Item): void {
    if (typeof icon === 'string' || icon.isEmpty()) throw new Error("Must specify non-empty 'icon' option")
    control.draggedOut.push(file)
  }
}

/** A window: a page on loopback, in which the built preload script runs before the page's own. */
export class BrowserWindow extends EventEmitter implements Used {
  readonly webContents = new StandInContents() satisfies Partial<Record<keyof WebContents, unknown>>
  readonly #preload: string
  #bounds: Rectangle
  #maximized = false

  constructor({ webPreferences, x = 0, y = 0, width = 800, height = 600 }: BrowserWindowConstructorOptions) {
    super()
    const { preload, contextIsolation, sandbox, nodeIntegration } = webPreferences ?? {}
    // The stand-in runs the preload as a sandboxed one; a main that asked for less would be shown in a false light.
    if (!preload || !contextIsolation || !sandbox || nodeIntegration)
      throw new Error('This stand-in shows sandboxed, isolated windows only')
    this.#preload = readFileSync(preload, 'utf8')
    this.#bounds = { x, y, width, height }
    windows.add(this)
    queueMicrotask(() => windows.created(this))
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows]
  }

  static getFocusedWindow(): BrowserWindow | null {
    return control.focused ? ([...windows][0] ?? null) : null
  }

  /** Serves the page, prints its address, and returns when a browser has loaded it. */
  async loadFile(path: string): Promise<void> {
    const contents = this.webContents
    contents.mainFrame = { url: pathToFileURL(path).href }
    const page = await servePage(dirname(path), this.#preload, ({ channel, args }) => {
      contents.ipc.emit(channel, { senderFrame: contents.mainFrame, sender: contents }, ...args)
    })
    contents.page = page
    process.stdout.write(`${page.url}\n`)
    await page.loaded
    this.emit('ready-to-show')
  }

  show(): void {}
  focus(): void {}
  restore(): void {}

  setProgressBar(share: number, { mode }: { mode?: string } = {}): void {
    const before = control.taskBar.at(-1)
    if (before?.share !== share || before.mode !== mode) control.taskBar.push({ share, mode: mode ?? 'normal' })
  }

  isMinimized(): boolean {
    return false
  }

  maximize(): void {
    this.#maximized = true
  }

  isMaximized(): boolean {
    return this.#maximized
  }

  getNormalBounds(): Rectangle {
    return this.#bounds
  }

  /** Answers whether it closed; a listener may have prevented it. */
  close(): boolean {
    if (!cancellable(this, 'close')) return false
    this.webContents.destroyed = true
    this.webContents.page?.close()
    windows.delete(this)
    this.emit('closed')
    if (windows.size === 0) windows.allClosed()
    return true
  }
}
