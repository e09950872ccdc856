/**
 * A typed stand-in for the `electron` module: what Strata's main process uses of it, and nothing more. A window is a page on loopback that
 * any browser shows; see `page-server.ts`. What no stand-in can show: isolation and sandbox, native dialogs and menus, asar.
 */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { App, Dialog, MenuItemConstructorOptions, NativeImage, Screen, Session, Shell } from 'electron'
import { control } from './control.ts'
import { cancellable } from './events.ts'
import { windows } from './windows.ts'

export { BrowserWindow } from './windows.ts'

class StandInApp extends EventEmitter {
  readonly isPackaged = false
  readonly name = 'Strata'
  readonly #paths = new Map<string, string>()
  #quitting = false

  enableSandbox(): void {}

  getVersion(): string {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
    return manifest.version
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }

  addRecentDocument(path: string): void {
    control.recent.push(path)
  }

  /** Without pictures of the system's, as on a machine that has none. */
  getFileIcon(): Promise<Pick<NativeImage, 'isEmpty'>> {
    return Promise.resolve({ isEmpty: () => true })
  }

  setBadgeCount(): boolean {
    return true
  }

  requestSingleInstanceLock(): boolean {
    return true
  }

  whenReady(): Promise<void> {
    return Promise.resolve()
  }

  /** As Electron: asks `before-quit`, then closes every window, each of which may refuse, and ends the process. */
  quit(): void {
    if (this.#quitting) return
    this.#quitting = true
    const goesOn = cancellable(this, 'before-quit') && [...windows].every((window) => window.close())
    this.#quitting = false
    if (!goesOn) return
    this.emit('will-quit')
    process.exit(0)
  }
}

export const app = new StandInApp() satisfies Partial<Record<keyof App, unknown>>
control.app = app

// As Electron on Linux.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())

export const dialog = {
  showOpenDialog: () => {
    const filePaths = control.takeOpen()
    return Promise.resolve({ canceled: filePaths.length === 0, filePaths })
  },
  showSaveDialog: () => {
    const filePath = control.takeSave()
    return Promise.resolve({ canceled: filePath === undefined, filePath: filePath ?? '' })
  },
  showMessageBox: () => Promise.resolve({ response: control.takeAnswer(), checkboxChecked: false }),
} satisfies Pick<Dialog, 'showOpenDialog' | 'showSaveDialog' | 'showMessageBox'>

export class Notification extends EventEmitter {
  readonly #said: { title: string; body: string }

  constructor({ title = '', body = '' }: { title?: string; body?: string }) {
    super()
    this.#said = { title, body }
  }

  static isSupported(): boolean {
    return true
  }

  show(): void {
    control.notified.push(this.#said)
  }
}

export const shell = {
  showItemInFolder: (path) => void control.shown.push(path),
  trashItem: (path) => rename(path, `${path}.binned`),
} satisfies Pick<Shell, 'showItemInFolder' | 'trashItem'>

export const nativeImage = { createFromBitmap: () => ({ isEmpty: () => false }) } satisfies Partial<
  Record<keyof typeof Electron.NativeImage, unknown>
>

type Shown = Pick<ReturnType<Screen['getDisplayMatching']>, 'workArea'>
const workArea = { x: 0, y: 0, width: 1920, height: 1080 }
export const screen = {
  getAllDisplays: () => [{ workArea }],
  getDisplayMatching: () => ({ workArea }),
} satisfies { getAllDisplays: () => Shown[]; getDisplayMatching: () => Shown }

class StandInSession extends EventEmitter {
  setPermissionRequestHandler(): void {}
  setPermissionCheckHandler(): void {}
}
export const session = { defaultSession: new StandInSession() satisfies Partial<Record<keyof Session, unknown>> }

export const Menu = {
  buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
  setApplicationMenu: (menu: MenuItemConstructorOptions[]) => void (control.menu = menu),
}

/** What Electron tells of every window and its contents; `windows.ts` knows no app. */
windows.onCreated((window) => {
  app.emit('browser-window-created', {}, window)
  app.emit('web-contents-created', {}, window.webContents)
})
windows.onAllClosed(() => app.emit('window-all-closed'))
