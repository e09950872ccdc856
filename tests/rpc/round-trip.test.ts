import { describe, expect, it } from 'vitest'
import { WINDOW_METHODS, type Handlers, type Settings, type WindowApi } from '../../src/shared/api.ts'
import { StrataError } from '../../src/shared/errors.ts'
import { makeClient } from '../../src/shared/rpc/client.ts'
import { serve } from '../../src/shared/rpc/server.ts'
import { pipe } from '../fixtures/pipe.ts'

/** Handlers that refuse everything but what the test gives. */
function handlers(given: Partial<Handlers<WindowApi>>): Handlers<WindowApi> {
  const refuse = () => Promise.reject(new StrataError('UNSUPPORTED', 'not part of this test'))
  const all = Object.fromEntries(WINDOW_METHODS.map((method) => [method, refuse])) as unknown as Handlers<WindowApi>
  return { ...all, ...given }
}

function connect(given: Partial<Handlers<WindowApi>>) {
  const [near, far] = pipe()
  const tell = serve(handlers(given), far)
  return { client: makeClient(near), tell, near }
}

describe('a call', () => {
  it('brings its request and takes the result back', async () => {
    const { client } = connect({ saveSettings: (settings) => settings })
    expect(await client.saveSettings({ theme: 'dark' })).toEqual({ theme: 'dark' })
  })

  it('is answered by its own id when answers come in another order', async () => {
    const release = Promise.withResolvers<Settings>()
    const { client } = connect({ settings: () => release.promise, saveSettings: (settings) => settings })
    const slow = client.settings({})
    expect(await client.saveSettings({ theme: 'light' })).toEqual({ theme: 'light' })
    release.resolve({ theme: 'system' })
    expect(await slow).toEqual({ theme: 'system' })
  })

  it('that answers nothing answers nothing', async () => {
    const { client } = connect({ clearJobs: () => undefined })
    await expect(client.clearJobs({})).resolves.toBeNull()
  })

  it('rejects with the whole error, and without its stack', async () => {
    const [near, far] = pipe()
    serve(
      handlers({
        info() {
          throw new StrataError('CORRUPT', 'The table lies past the end', { path: '/a', offset: 512, field: 'l1[4]' }, 'Run Check.')
        },
      }),
      far,
    )
    const seen: unknown[] = []
    near.onMessage((data) => seen.push(data))
    const error: unknown = await makeClient(near)
      .info({ path: '/a' })
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StrataError)
    expect((error as StrataError).toDto()).toEqual({
      code: 'CORRUPT',
      message: 'The table lies past the end',
      where: { path: '/a', offset: 512, field: 'l1[4]' },
      hint: 'Run Check.',
    })
    expect(JSON.stringify(seen)).not.toContain('.ts:')
  })

  it('that meets a mistake of the host rejects as BUG', async () => {
    const { client } = connect({
      jobs() {
        throw new TypeError('x is not a function')
      },
    })
    await expect(client.jobs({})).rejects.toMatchObject({ code: 'BUG', message: 'x is not a function' })
  })
})

describe('a closed channel', () => {
  it('rejects the calls that wait and every later one', async () => {
    const { client, near } = connect({ jobs: () => new Promise(() => undefined) })
    const waiting = client.jobs({})
    near.close()
    await expect(waiting).rejects.toMatchObject({ code: 'WORKER_DIED' })
    await expect(client.jobs({})).rejects.toMatchObject({ code: 'WORKER_DIED' })
  })

  it('is not written to any more', async () => {
    const [near, far] = pipe()
    const release = Promise.withResolvers<Settings>()
    let sent = 0
    const tell = serve(handlers({ settings: () => release.promise }), { ...far, send: () => sent++ })
    near.send({ id: 1, method: 'settings', request: {} })
    await new Promise(setImmediate)
    far.close()
    release.resolve({ theme: 'dark' })
    tell('library', [])
    await new Promise(setImmediate)
    expect(sent).toBe(0)
  })
})

describe('an event', () => {
  it('reaches those who listen to its name, until they stop', async () => {
    const { client, tell } = connect({})
    const heard: string[][] = []
    const stop = client.on('open', (paths) => heard.push(paths))
    client.on('library', () => heard.push(['another event']))
    tell('open', ['/a.qcow2'])
    await new Promise(setImmediate)
    stop()
    tell('open', ['/b.qcow2'])
    await new Promise(setImmediate)
    expect(heard).toEqual([['/a.qcow2']])
  })
})
