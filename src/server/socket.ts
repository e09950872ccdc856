import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { Channel } from '../shared/rpc/protocol.ts'
import { SOCKET_PATH, SOCKET_PROTOCOL, tokenAmong } from '../shared/rpc/socket-address.ts'
import type { Session } from './session.ts'

/** Bytes of the longest message that a window may send; the longest honest one names a thousand paths. */
const MAX_MESSAGE = 8 * 2 ** 20
/** Milliseconds between signs of life; a window that misses one is gone. */
const HEARTBEAT = 30_000

/**
 * Takes web sockets at `SOCKET_PATH`, any number at once, and hands each to `connect` as a channel of JSON messages.
 *
 * How a window comes in: it reads the token from its address' fragment (`tokenInFragment(location.hash)`) and opens
 * `new WebSocket(url, socketProtocols(token))`, with `SOCKET_PATH` as the url's path. The token thus travels as an offered subprotocol.
 * A wrong token, Host or Origin is refused with 403 before there is a socket.
 */
export function takeSockets(server: Server, session: Session, connect: (channel: Channel) => void): { close(): void } {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (!mayEnter(request, session)) {
      stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      keepAlive(socket)
      connect(socketChannel(socket))
    })
  })
  return {
    close() {
      for (const socket of sockets.clients) socket.close(1001, 'Strata was closed')
      sockets.close()
    },
  }
}

function mayEnter(request: IncomingMessage, session: Session): boolean {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  return request.url === SOCKET_PATH && session.mayOpenSocket(request) && session.isToken(tokenAmong(offered))
}

function socketChannel(socket: WebSocket): Channel {
  return {
    send: (data) => socket.send(JSON.stringify(data)),
    onMessage: (listener) =>
      void socket.on('message', (data, isBinary) => {
        const message = isBinary ? undefined : parse(data)
        if (message === undefined) socket.close(1007, 'Messages are JSON text')
        else listener(message)
      }),
    onClose: (listener) => void socket.once('close', listener),
  }
}

function parse(data: RawData): unknown {
  try {
    // Without fragments or options to the contrary, ws hands a text message on as one Buffer.
    return JSON.parse((data as Buffer).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Ends a socket whose window has vanished without a word, and swallows its errors: `close` follows each. */
function keepAlive(socket: WebSocket): void {
  let alive = true
  const timer = setInterval(() => {
    if (!alive) socket.terminate()
    alive = false
    socket.ping()
  }, HEARTBEAT).unref()
  socket.on('pong', () => (alive = true))
  socket.on('error', () => undefined)
  socket.once('close', () => clearInterval(timer))
}
