import { join } from 'node:path'
import { app, BrowserWindow, session, type WebContents } from 'electron'
import { isOwnPage, loadPage } from './page.ts'
import type { WindowState } from './window-state.ts'

/** Milliseconds in which a page that died is not loaded a second time. */
const REVIVAL_PAUSE = 10_000

/**
 * Nothing that a page asks for leaves the page: no navigation, no second window, no permission, no download. One exception: text may be
 * copied to the clipboard, which the page can do only while the person clicks.
 */
export function guardContents(): void {
  app.on('web-contents-created', (_event, contents) => guard(contents))
  session.defaultSession.setPermissionRequestHandler((_contents, permission, allow) => allow(permission === 'clipboard-sanitized-write'))
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === 'clipboard-sanitized-write')
  session.defaultSession.on('will-download', (event) => event.preventDefault())
}

/** Opens Strata's window, to be shown once it has something to show. */
export function openWindow(state: WindowState): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 640,
    minHeight: 480,
    ...state.bounds(),
    title: 'Strata',
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload: join(import.meta.dirname, '../preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  state.follow(window)
  revive(window)
  return window
}

function guard(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-frame-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault() // its own page may be loaded again
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** A page that crashed is loaded again, as jobs go on without it; one that crashes at once is left alone. */
function revive(window: BrowserWindow): void {
  let last = -Infinity
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || performance.now() - last < REVIVAL_PAUSE) return
    last = performance.now()
    void loadPage(window)
  })
}
