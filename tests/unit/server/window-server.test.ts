import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeClient, type WindowClient } from '../../../src/shared/rpc/client.ts'
import { SOCKET_PATH, socketProtocols, tokenInFragment } from '../../../src/shared/rpc/socket-address.ts'
import { fileFor } from '../../../src/server/static.ts'
import { startWindowServer } from '../../../src/server/window-server.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

async function serve(files: (folder: string) => string[] = () => []) {
  const base = scratchFolder()
  for (const folder of ['disks', 'window']) mkdirSync(join(base, folder))
  writeFileSync(join(base, 'disks', 'disk.raw'), new Uint8Array(1024))
  writeFileSync(join(base, 'window', 'index.html'), '<title>Strata</title>')
  writeFileSync(join(base, 'window', 'app.js'), '1')
  writeFileSync(join(base, 'window', 'notes.txt'), 'not part of a window')
  writeFileSync(join(base, 'secret.js'), 'secret')
  const server = await startWindowServer({
    roots: [join(base, 'disks')],
    files: files(join(base, 'disks')),
    port: 0,
    renderer: join(base, 'window'),
    data: join(base, 'data'),
  })
  onTestFinished(() => server.close())
  const { host, hash, port } = new URL(server.url)
  return { base, server, host, port: Number(port), token: tokenInFragment(hash) ?? '' }
}

/** The status and body of a request whose path is sent as it stands, which `fetch` would tidy up. */
function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    })
    request.on('error', reject).end()
  })
}

interface Knock {
  host: string
  token: string
  origin?: string
  path?: string
  hostHeader?: string
}

/** Opens a socket as a page of that origin would; rejects with the server's refusal. */
function open({ host, token, origin = `http://${host}`, path = SOCKET_PATH, hostHeader = host }: Knock): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}${path}`, socketProtocols(token), {
      headers: { host: hostHeader, ...(origin !== '' && { origin }) },
    })
    onTestFinished(() => socket.terminate())
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

function clientOf(socket: WebSocket): WindowClient {
  return makeClient({
    send: (data) => socket.send(JSON.stringify(data)),
    onMessage: (listener) => void socket.on('message', (data: Buffer) => listener(JSON.parse(data.toString()))),
    onClose: (listener) => void socket.on('close', listener),
  })
}

describe('the page', () => {
  it('is served with its headers', async () => {
    const { port } = await serve()
    const { status, body, headers } = await get(port, '/')
    expect({ status, body }).toEqual({ status: 200, body: '<title>Strata</title>' })
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect((await get(port, '/app.js')).headers['content-type']).toBe('text/javascript; charset=utf-8')
  })

  it.each([
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/..\\secret.js',
    '//etc/passwd',
    '/app.js/../../secret.js',
    '/notes.txt',
    '/none.js',
    '/%',
    '/\0'.replace('\0', '%00'),
  ])('is all that is served: %s', async (path) => {
    const { port } = await serve()
    const { status, body } = await get(port, path)
    expect(status).toBe(404)
    expect(body).not.toContain('secret')
  })

  it('is served to nobody under another name, and by GET alone', async () => {
    const { port, host } = await serve()
    expect((await get(port, '/', { host: 'evil.example' })).status).toBe(403)
    expect((await get(port, '/', { host, origin: 'http://evil.example' })).status).toBe(403)
    expect((await get(port, '/', {}, 'POST')).status).toBe(405)
  })

  it('is found inside its folder only', () => {
    expect(fileFor('/window', '/a/b.js')).toBe('/window/a/b.js')
    for (const way of ['/../secret', '/%2e%2e/secret', '/a/../../secret', '/%5c..%5c', '/%00', '/..', '/%zz'])
      expect(fileFor('/window', way), way).toBeUndefined()
  })
})

describe('a socket', () => {
  it('brings a window to its host', async () => {
    const { base, host, token } = await serve((folder) => [join(folder, 'disk.raw')])
    const socket = await open({ host, token })
    expect(socket.protocol).toBe('strata.v1')
    const window = clientOf(socket)
    const opened: string[][] = []
    window.on('open', (paths) => opened.push(paths))
    const disk = join(base, 'disks', 'disk.raw')
    expect(await window.facts({})).toMatchObject({ kind: 'browser', home: join(base, 'disks') })
    expect((await window.info({ path: disk })).layers).toMatchObject([{ virtualSize: 1024 }])
    expect((await window.listFolder({})).entries.map((entry) => entry.name)).toEqual(['disk.raw'])
    await expect(window.openDialog({ title: '', filters: [], several: false })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(opened).toEqual([[disk]])
  })

  it('is opened to any number of windows', async () => {
    const { host, token } = await serve()
    const windows = await Promise.all([1, 2, 3].map(async () => clientOf(await open({ host, token }))))
    await windows[0]!.saveSettings({ theme: 'dark' })
    for (const window of windows) expect(await window.settings({})).toEqual({ theme: 'dark' })
  })

  it('is not opened without the token, from another page, under another name, or elsewhere', async () => {
    const { host, token, port } = await serve()
    const refusals: Knock[] = [
      { host, token: '' },
      { host, token: 'wrong' },
      { host, token: token.slice(0, -1) },
      { host, token, origin: 'http://evil.example' },
      { host, token, origin: '' },
      { host, token, hostHeader: `evil.example:${port}`, origin: `http://evil.example:${port}` },
      { host, token, path: '/other' },
      { host, token, path: `${SOCKET_PATH}?token=${token}` },
    ]
    for (const knock of refusals) await expect(open(knock), JSON.stringify(knock)).rejects.toThrow('403')
  })

  it('ends at a message that is no JSON, and at one that is too long', async () => {
    const { host, token } = await serve()
    const messages: (string | Buffer)[] = ['{', Buffer.from('{}'), JSON.stringify('x'.repeat(9 * 2 ** 20))]
    const codes = messages.map(async (message) => {
      const socket = await open({ host, token })
      const closed = new Promise<number>((resolve) => socket.once('close', resolve))
      socket.send(message)
      return closed
    })
    expect(await Promise.all(codes)).toEqual([1007, 1007, 1009])
  })

  it('closes with the server, and its calls reject', async () => {
    const { server, host, token } = await serve()
    const socket = await open({ host, token })
    const window = clientOf(socket)
    await window.facts({})
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await server.close()
    expect([1001, 1006]).toContain(await closed)
    await expect(window.facts({})).rejects.toMatchObject({ code: 'WORKER_DIED' })
  })
})

describe('the address for a browser', () => {
  it('leads to the page with its token once', async () => {
    const { server, port } = await serve()
    const { pathname } = new URL(server.openUrl())
    const first = await get(port, pathname)
    expect(first).toMatchObject({ status: 302, headers: { location: server.url } })
    expect((await get(port, pathname)).status).toBe(403)
    expect((await get(port, '/open/guess')).status).toBe(403)
    expect(pathname).not.toContain(tokenInFragment(new URL(server.url).hash))
  })
})

describe('the server', () => {
  it('says which port it could not have', async () => {
    const { port, base } = await serve()
    await expect(startWindowServer({ roots: [], files: [], port, renderer: base, data: base })).rejects.toMatchObject({ code: 'IN_USE' })
  })

  it('serves no link out of the granted folders', async () => {
    const { base, host, token } = await serve()
    symlinkSync(base, join(base, 'disks', 'up'))
    const window = clientOf(await open({ host, token }))
    await expect(window.listFolder({ path: join(base, 'disks', 'up') })).rejects.toMatchObject({ code: 'DENIED' })
    await expect(window.info({ path: join(base, 'disks', 'up', 'secret.js') })).rejects.toMatchObject({ code: 'DENIED' })
  })
})
