import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WINDOW_METHODS, type Handlers, type WindowApi } from '../../src/shared/api.ts'
import { makeClient } from '../../src/shared/rpc/client.ts'
import { serve } from '../../src/shared/rpc/server.ts'
import { pipe } from '../fixtures/pipe.ts'

interface Reply {
  id: number
  error?: { code: string }
}

/** What a host answers to these messages, and which methods it called. */
async function answers(...messages: unknown[]): Promise<{ replies: Reply[]; called: string[] }> {
  const [near, far] = pipe()
  const called: string[] = []
  const handlers = Object.fromEntries(WINDOW_METHODS.map((method) => [method, () => called.push(method)])) as unknown as Handlers<WindowApi>
  serve(handlers, far)
  const replies: Reply[] = []
  near.onMessage((data) => replies.push(data as Reply))
  for (const message of messages) near.send(message)
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
  return { replies, called }
}

describe('a host that is sent nonsense', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '', 'info ', 'INFO', 'on'])(
    'knows no method %j',
    async (method) => {
      const { replies, called } = await answers({ id: 1, method, request: {} })
      expect(replies).toMatchObject([{ id: 1, error: { code: 'INVALID_ARGUMENT' } }])
      expect(called).toEqual([])
    },
  )

  it('takes the parts of a message from its own properties alone', async () => {
    const [near, far] = pipe()
    const seen: unknown[] = []
    const handlers = Object.fromEntries(WINDOW_METHODS.map((method) => [method, (request: unknown) => seen.push(request)]))
    serve(handlers as unknown as Handlers<WindowApi>, { ...far, onMessage: (listener) => near.onMessage(listener) })
    far.send(JSON.parse('{"__proto__": {"id": 7, "method": "info", "request": {}}}'))
    far.send(JSON.parse('{"id": 8, "method": "info", "__proto__": {"request": {"path": "/x"}}}'))
    await new Promise(setImmediate)
    expect(seen).toEqual([undefined])
  })

  it.each([
    null,
    undefined,
    0,
    'text',
    true,
    [],
    {},
    { method: 'info' },
    { id: '1', method: 'info' },
    { id: 1.5, method: 'info' },
    { id: NaN, method: 'info' },
  ])('is silent where nobody can be answered: %j', async (message) => {
    expect(await answers(message)).toEqual({ replies: [], called: [] })
  })

  it('refuses a message without a method by its id', async () => {
    expect((await answers({ id: 3, method: 5 })).replies).toMatchObject([{ id: 3, error: { code: 'INVALID_ARGUMENT' } }])
  })

  it('goes on after any message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (message) => {
        const { replies } = await answers(message, { id: 77, method: 'facts', request: {} })
        expect(replies.filter((reply) => reply.id === 77).length).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a window that is sent nonsense', () => {
  it('keeps its calls and waits for their answers', async () => {
    const [near, far] = pipe()
    const client = makeClient(near)
    const call = client.jobs({})
    for (const data of [
      null,
      5,
      { id: 99, ok: [] },
      { id: 'x' },
      { event: 5 },
      { event: '__proto__', data: {} },
      { event: 'nobody listens' },
    ])
      far.send(data)
    far.send({ id: 1, ok: [] })
    expect(await call).toEqual([])
  })
})
