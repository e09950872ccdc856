import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'

/** Milliseconds that a ticket stays good. */
const TICKET_LIFE = 60_000

/**
 * Who may speak to this server. The token proves that whoever calls has seen the address that was printed; the Host check stops pages that
 * point their own name at 127.0.0.1, and the Origin check stops every other page in the same browser.
 */
export class Session {
  readonly token = randomBytes(32).toString('base64url')
  readonly #names: readonly string[]
  readonly #tickets = new Map<string, number>()

  constructor(port: number) {
    this.#names = [`127.0.0.1:${port}`, `localhost:${port}`]
  }

  /** Compared in constant time, so that answers can't be used to guess the token byte by byte. */
  isToken(given: string | undefined): boolean {
    const [expected, actual] = [Buffer.from(this.token), Buffer.from(given ?? '')]
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  }

  /** Whether the request was sent to this server under its own name, and by no foreign page. */
  isOwn({ headers }: IncomingMessage): boolean {
    return this.#names.includes(headers.host ?? '') && (headers.origin === undefined || this.#isOwnOrigin(headers.origin))
  }

  /** Web sockets know no same-origin rule, so there the page's origin must be stated. */
  mayOpenSocket(request: IncomingMessage): boolean {
    return this.isOwn(request) && request.headers.origin !== undefined
  }

  /**
   * A word that stands for the token once, within a minute. Starting a browser shows its address to everyone on the machine, in the
   * list of processes; by then this one is worth nothing.
   */
  makeTicket(): string {
    const ticket = randomBytes(32).toString('base64url')
    this.#tickets.set(ticket, Date.now() + TICKET_LIFE)
    return ticket
  }

  /** Whether the ticket was good; now it is no longer. */
  redeem(ticket: string): boolean {
    const until = this.#tickets.get(ticket) ?? 0
    this.#tickets.delete(ticket)
    return Date.now() < until
  }

  #isOwnOrigin(origin: string): boolean {
    return this.#names.some((name) => origin === `http://${name}`)
  }
}

/** What goes with every answer. The page's own policy, in its head, says the same but for what only a header can say. */
export const SECURITY_HEADERS: OutgoingHttpHeaders = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
