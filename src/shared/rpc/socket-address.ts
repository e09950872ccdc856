/** Where the server takes web sockets. */
export const SOCKET_PATH = '/socket'

/** The subprotocol that server and window speak: one JSON message a frame. */
export const SOCKET_PROTOCOL = 'strata.v1'

const TOKEN_PREFIX = 'strata.token.'

/**
 * The subprotocols that a window offers: `new WebSocket(url, socketProtocols(token))`. The token travels as one of them because a browser
 * can set no other header, and a query string would end up in logs; the server answers with `SOCKET_PROTOCOL` alone.
 */
export function socketProtocols(token: string): string[] {
  return [SOCKET_PROTOCOL, TOKEN_PREFIX + token]
}

/** The token among the subprotocols that a window offers, or undefined. */
export function tokenAmong(protocols: readonly string[]): string | undefined {
  return protocols.find((protocol) => protocol.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length)
}

/** The token in the fragment of the address that `strata serve` prints (`#token=…`), or undefined. */
export function tokenInFragment(fragment: string): string | undefined {
  return new URLSearchParams(fragment.replace(/^#/, '')).get('token') ?? undefined
}
