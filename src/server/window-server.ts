import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { dirname, sep } from 'node:path'
import { StrataError } from '../shared/errors.ts'
import { Grants } from '../host/grants.ts'
import { strataVersion } from '../host/version.ts'
import { WindowHost } from '../host/window-host.ts'
import { findDropped, listFolder } from './listing.ts'
import { SECURITY_HEADERS, Session } from './session.ts'
import { takeSockets } from './socket.ts'
import { serveStatic } from './static.ts'

export interface WindowServerOptions {
  /** folders that windows may read and write */
  roots: readonly string[]
  /** images to open in the first window */
  files: readonly string[]
  /** 0 takes any free port */
  port: number
  /** folder of the built window */
  renderer: string
  /** folder of library and settings */
  data: string
}

export interface WindowServer {
  /** the address with the token in its fragment, which a browser sends to nobody */
  url: string
  /** an address that works once, within a minute, and leads to `url` */
  openUrl(): string
  /** Ends all jobs and connections. */
  close(): Promise<void>
}

const OPEN_PATH = '/open/'

/** Serves Strata's window to browsers on this machine: loopback only, guarded as `session.ts` says. */
export async function startWindowServer({ roots, files, port, renderer, data }: WindowServerOptions): Promise<WindowServer> {
  const grants = new Grants(roots)
  const host: WindowHost = new WindowHost({
    folder: data,
    grants,
    shell: {
      facts: {
        kind: 'browser',
        platform: process.platform,
        version: strataVersion(),
        home: grants.roots[0] ?? homedir(),
        separator: sep,
      },
      listFolder: ({ path }) => listFolder(grants, path),
      findDropped: (wanted) => findDropped(grants, wanted, host.libraryPaths().map(dirname)),
    },
  })
  host.open(files)

  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new StrataError('IN_USE', `Port ${port} can't be taken: ${error.message}`, {}, 'Choose another port.')),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const session = new Session((server.address() as AddressInfo).port)
  const url = `${address}/#token=${session.token}`

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = (status: number) => response.writeHead(status, SECURITY_HEADERS).end()
    if (!session.isOwn(request)) return void refuse(403)
    if (request.method !== 'GET' && request.method !== 'HEAD') return void refuse(405)
    const { pathname } = new URL(request.url ?? '/', address)
    if (!pathname.startsWith(OPEN_PATH)) return serveStatic(renderer, pathname, response)
    if (!session.redeem(pathname.slice(OPEN_PATH.length))) return void refuse(403)
    response.writeHead(302, { ...SECURITY_HEADERS, Location: url, 'Cache-Control': 'no-store' }).end()
  }
  server.on('request', (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const sockets = takeSockets(server, session, (channel) => host.connect(channel))

  return {
    url,
    openUrl: () => `${address}${OPEN_PATH}${session.makeTicket()}`,
    async close() {
      sockets.close()
      server.close()
      server.closeAllConnections()
      await host.close()
    },
  }
}
