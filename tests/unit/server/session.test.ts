import type { IncomingMessage } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { SECURITY_HEADERS, Session } from '../../../src/server/session.ts'

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage

describe('a session', () => {
  it('knows its own token and no other', () => {
    const session = new Session(80)
    expect(session.token).toMatch(/^[\w-]{43}$/)
    expect(session.isToken(session.token)).toBe(true)
    for (const other of [undefined, '', session.token.slice(1), `${session.token}a`, new Session(80).token, session.token.toUpperCase()])
      expect(session.isToken(other), other).toBe(false)
  })

  it.each([
    [{ host: '127.0.0.1:8042' }, true, false],
    [{ host: 'localhost:8042', origin: 'http://localhost:8042' }, true, true],
    [{ host: '127.0.0.1:8042', origin: 'http://127.0.0.1:8042' }, true, true],
    [{}, false, false],
    // DNS rebinding: the right address under a foreign name.
    [{ host: 'evil.example:8042', origin: 'http://evil.example:8042' }, false, false],
    [{ host: '127.0.0.1:8043' }, false, false],
    [{ host: '127.0.0.1' }, false, false],
    // Another page of the same browser.
    [{ host: '127.0.0.1:8042', origin: 'http://evil.example' }, false, false],
    [{ host: '127.0.0.1:8042', origin: 'https://127.0.0.1:8042' }, false, false],
    [{ host: '127.0.0.1:8042', origin: 'http://127.0.0.1:3000' }, false, false],
    [{ host: '127.0.0.1:8042', origin: 'null' }, false, false],
  ])('with headers %j answers: %s; opens a socket: %s', (headers, own, socket) => {
    const session = new Session(8042)
    expect(session.isOwn(request(headers))).toBe(own)
    expect(session.mayOpenSocket(request(headers))).toBe(socket)
  })

  it('takes a ticket once, and for a minute', () => {
    vi.useFakeTimers()
    try {
      const session = new Session(80)
      const [used, late] = [session.makeTicket(), session.makeTicket()]
      expect(session.redeem(used)).toBe(true)
      expect(session.redeem(used)).toBe(false)
      expect(session.redeem('')).toBe(false)
      expect(session.redeem(session.token)).toBe(false)
      vi.advanceTimersByTime(61_000)
      expect(session.redeem(late)).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('the policy in the headers', () => {
  it('is the one in the page, and forbids frames besides', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../src/renderer/index.html'), 'utf8')
    const inPage = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1]
    expect(SECURITY_HEADERS['Content-Security-Policy']).toBe(`${inPage}; frame-ancestors 'none'`)
    expect(inPage).not.toContain('unsafe')
  })
})
