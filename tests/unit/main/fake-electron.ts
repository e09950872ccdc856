import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, MenuItemConstructorOptions, Rectangle } from 'electron'

type Permit = (contents: unknown, permission: string, allow: (yes: boolean) => void) => void
type Check = (contents: unknown, permission: string) => boolean

class FakeSession extends EventEmitter {
  request: Permit | undefined
  check: Check | undefined
  setPermissionRequestHandler = (handler: Permit) => void (this.request = handler)
  setPermissionCheckHandler = (handler: Check) => void (this.check = handler)
}

/** Electron's objects as far as Strata's main process and preload script use them, in one process and without a screen. */
export function fakeElectron() {
  const windows: FakeWindow[] = []

  const picture = (name: string) => ({ name, isEmpty: () => name === '' })

  class FakeContents extends EventEmitter {
    readonly ipc = new EventEmitter()
    readonly mainFrame = { url: '' }
    readonly sent: { channel: string; data: unknown }[] = []
    windowOpenHandler: (() => { action: string }) | undefined
    readonly dragged: { file: string; icon: string }[] = []
    startDrag = ({ file, icon }: { file: string; icon: { name: string } }) => void this.dragged.push({ file, icon: icon.name })

    send(channel: string, data: unknown): void {
      this.sent.push({ channel, data: structuredClone(data) })
    }

    isDestroyed(): boolean {
      return false
    }

    setWindowOpenHandler(handler: () => { action: string }): void {
      this.windowOpenHandler = handler
    }

    /** As the page's preload script would send it; `frame` stands for the page's own. */
    receive(channel: string, data: unknown, frame: unknown = this.mainFrame): void {
      this.ipc.emit(channel, { senderFrame: frame }, structuredClone(data))
    }
  }

  class FakeWindow extends EventEmitter {
    /** what the task bar shows: a share, 2 for a job that can't tell, -1 for nothing */
    progress = -1
    readonly webContents = new FakeContents()
    readonly options: BrowserWindowConstructorOptions
    readonly calls: string[] = []
    bounds: Rectangle = { x: 10, y: 20, width: 900, height: 600 }
    maximized = false

    constructor(options: BrowserWindowConstructorOptions) {
      super()
      this.options = options
      windows.push(this)
      app.emit('browser-window-created', {}, this)
      app.emit('web-contents-created', {}, this.webContents)
    }

    static getAllWindows = () => windows
    static getFocusedWindow = () => windows[0] ?? null

    loadFile(path: string): Promise<void> {
      this.calls.push(`load ${path}`)
      this.webContents.mainFrame.url = `file://${path}`
      return Promise.resolve()
    }

    show = () => this.calls.push('show')
    focus = () => this.calls.push('focus')
    restore = () => this.calls.push('restore')
    maximize = () => (this.maximized = true)
    isMaximized = () => this.maximized
    isMinimized = () => true
    setProgressBar = (share: number) => (this.progress = share)
    getNormalBounds = () => this.bounds

    /** Answers whether it closed. */
    close(): boolean {
      if (!may(this, 'close')) return false
      windows.splice(windows.indexOf(this), 1)
      this.emit('closed')
      return true
    }
  }

  class FakeApp extends EventEmitter {
    isPackaged = true
    first = true
    sandboxed = false
    quits = 0
    badge = 0
    lockData: unknown
    readonly paths: Record<string, string> = {}

    enableSandbox = () => (this.sandboxed = true)
    readonly name = 'Strata'
    readonly recent: string[] = []
    getVersion = () => '1.2.3'
    /** the system's picture of a file; without a name, none */
    fileIcon = 'of the system'
    getFileIcon = () => Promise.resolve(picture(this.fileIcon))
    addRecentDocument = (path: string) => void this.recent.push(path)
    setBadgeCount = (count: number) => (this.badge = count)
    setPath = (name: string, path: string) => void (this.paths[name] = path)
    whenReady = () => Promise.resolve()
    requestSingleInstanceLock(data: unknown): boolean {
      this.lockData = data
      return this.first
    }

    /** Counts the times that nobody objected. */
    quit = () => {
      if (may(this, 'before-quit')) this.quits++
    }
  }
  const app = new FakeApp()

  const session = new FakeSession()

  /** What the person answers. */
  const person = { open: [] as string[], save: '', button: 0, asked: [] as unknown[] }
  const dialog = {
    showOpenDialog: (...asked: unknown[]) => {
      person.asked.push(asked.at(-1))
      return Promise.resolve({ canceled: person.open.length === 0, filePaths: person.open })
    },
    showSaveDialog: (...asked: unknown[]) => {
      person.asked.push(asked.at(-1))
      return Promise.resolve({ canceled: person.save === '', filePath: person.save })
    },
    showMessageBox: (...asked: unknown[]) => {
      person.asked.push(asked.at(-1))
      return Promise.resolve({ response: person.button })
    },
  }

  const workArea: Rectangle = { x: 0, y: 0, width: 1920, height: 1080 }
  const shown: string[] = []
  const menus: MenuItemConstructorOptions[][] = []
  return {
    app,
    BrowserWindow: FakeWindow,
    dialog,
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (menu: MenuItemConstructorOptions[]) => menus.push(menu),
    },
    screen: { getAllDisplays: () => [{ workArea }], getDisplayMatching: () => ({ workArea }) },
    session: { defaultSession: session },
    shell: { showItemInFolder: (path: string) => shown.push(path) },
    nativeImage: { createFromBitmap: () => picture('plain') },
    person,
    shown,
    menus,
    windows,
  }
}

/** Emits an event with a `preventDefault`, and answers whether nobody called it. */
export function may(emitter: EventEmitter, name: string, details: object = {}): boolean {
  let allowed = true
  emitter.emit(name, { ...details, preventDefault: () => (allowed = false) })
  return allowed
}
