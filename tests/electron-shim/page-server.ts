import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, sep } from 'node:path'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import { control, type ControlInput } from './control.ts'

/** One message of IPC, as it crosses to and from the page. */
export interface IpcMessage {
  channel: string
  args: unknown[]
}

export interface PageServer {
  url: string
  /** settles when a browser has loaded the page for the first time */
  loaded: Promise<void>
  send(message: IpcMessage): void
  close(): void
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Serves a folder with a built page on loopback, runs a preload script in it first, and carries IPC over a web socket. */
export async function servePage(folder: string, preload: string, receive: (message: IpcMessage) => void): Promise<PageServer> {
  const pageScript = await readFile(join(import.meta.dirname, 'page.mjs'), 'utf8')
  // The preload is CommonJS that may require electron alone.
  const preloadScript = `import { standInRequire } from './page.mjs'\n;(function (require, module, exports) {\n${preload}\n})(standInRequire, { exports: {} }, {})`

  const answer = async (request: IncomingMessage): Promise<{ status?: number; type?: string; body: string | Buffer }> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/__shim/preload.js') return { type: TYPES['.js']!, body: preloadScript }
    if (pathname === '/__shim/page.mjs') return { type: TYPES['.js']!, body: pageScript }
    if (pathname === '/__shim/path') return { body: control.pathOf(searchParams.get('name') ?? '') }
    if (pathname === '/__shim/control') {
      if (request.method === 'POST') control.take(JSON.parse(await text(request)) as ControlInput)
      return { type: 'application/json', body: JSON.stringify(control.report()) }
    }
    const path = join(folder, pathname === '/' ? 'index.html' : decodeURIComponent(pathname))
    const type = TYPES[extname(path)]
    if (!path.startsWith(folder + sep) || type === undefined) return { status: 404, body: '' }
    if (pathname !== '/') return { type, body: await readFile(path) }
    const html = await readFile(path, 'utf8')
    return { type, body: html.replace('<head>', '<head><script type="module" src="/__shim/preload.js"></script>') }
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status = 200, type = 'text/plain', body }) => response.writeHead(status, { 'Content-Type': type }).end(body),
      () => response.writeHead(404).end(),
    )
  })
  const sockets = new WebSocketServer({ server, path: '/__shim/ipc' })
  const loaded = new Promise<void>((resolve) => sockets.once('connection', () => resolve()))
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => receive(JSON.parse(data.toString('utf8')) as IpcMessage))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    loaded,
    send(message) {
      for (const socket of sockets.clients) socket.send(JSON.stringify(message))
    },
    close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
