import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app, type BrowserWindow } from 'electron'

const INDEX = join(import.meta.dirname, '../renderer/index.html')

/** The development server's address, which is obeyed only while developing. */
function devServer(): string | undefined {
  return app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']
}

/** Shows Strata's own page. */
export function loadPage(window: BrowserWindow): Promise<void> {
  const server = devServer()
  return server === undefined ? window.loadFile(INDEX) : window.loadURL(server)
}

/** Whether an address is that of Strata's own page, wherever in it. */
export function isOwnPage(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host, pathname } = new URL(url)
  const own = new URL(devServer() ?? pathToFileURL(INDEX))
  return protocol === own.protocol && host === own.host && pathname === own.pathname
}
