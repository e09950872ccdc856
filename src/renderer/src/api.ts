import type { Client, WindowApi, WindowEvents } from '../../shared/api.ts'
import type { Bridge } from '../../shared/bridge.ts'
import { makeClient } from '../../shared/rpc/client.ts'
import { SOCKET_PATH, socketProtocols, tokenInFragment } from '../../shared/rpc/socket-address.ts'
import { ServerLink } from './lib/server-link.ts'

declare global {
  interface Window {
    /** what the desktop's preload script gives; a browser has none */
    strata?: Bridge
  }
}

/** The window's way to its host: questions, news, and what only some hosts know. */
export interface Host {
  readonly client: Client<WindowApi>
  /** Calls back at each event of this name. */
  on<E extends keyof WindowEvents>(event: E, listener: (data: WindowEvents[E]) => void): void
  /** Calls back when the host stops answering (false) and when it answers again (true). */
  onLink(listener: (up: boolean) => void): void
  /** Where a dropped file lies; null where the page may not know. */
  pathForFile(file: File): string | null
}

const TOKEN_KEY = 'strata.token'

/**
 * Begins anew when another link to this server is opened in the page: a server that was started again has another token, and a browser that is led to
 * the same address with another fragment keeps the page as it is.
 */
export function followNewLinks(): void {
  addEventListener('hashchange', () => {
    if (tokenInFragment(location.hash) !== undefined) location.reload()
  })
}

/** The host of this window: the desktop's bridge, or the server that sent the page. Undefined for a page that came without its token. */
export function findHost(): Host | undefined {
  if (window.strata) return desktopHost(window.strata)
  const token = takeToken()
  return token === undefined ? undefined : serverHost(token)
}

function desktopHost(bridge: Bridge): Host {
  const client = makeClient({
    send: (data) => bridge.send(data),
    onMessage: (listener) => bridge.onMessage(listener),
    // The window and its process end together.
    onClose: () => {},
  })
  return {
    client,
    on: (event, listener) => void client.on(event, listener),
    onLink: () => {},
    pathForFile: (file) => bridge.pathForFile(file) || null,
  }
}

function serverHost(token: string): Host {
  const link = new ServerLink(() => new WebSocket(`ws://${location.host}${SOCKET_PATH}`, socketProtocols(token)))
  return {
    client: link.client,
    on: (event, listener) => link.on(event, listener),
    onLink: (listener) => link.onLink(listener),
    pathForFile: () => null,
  }
}

/** The token of the page's address, kept for reloads and taken out of the address bar, where others could read it. */
function takeToken(): string | undefined {
  const token = tokenInFragment(location.hash)
  if (token === undefined) return sessionStorage.getItem(TOKEN_KEY) ?? undefined
  sessionStorage.setItem(TOKEN_KEY, token)
  history.replaceState(null, '', location.pathname)
  return token
}
