import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { JobView, LibraryEntry } from '../../../src/shared/api.ts'
import { DROPPED_CHANNEL, MESSAGE_CHANNEL } from '../../../src/shared/bridge.ts'
import { makeClient, type WindowClient } from '../../../src/shared/rpc/client.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'
import { fakeElectron, may } from './fake-electron.ts'

let electron: ReturnType<typeof fakeElectron>

const argv = process.argv
beforeEach(() => {
  vi.resetModules()
  const fresh = (electron = fakeElectron())
  vi.doMock('electron', () => fresh)
})
afterEach(() => {
  process.argv = argv
  vi.unstubAllEnvs()
})

/** Starts the real main process in a data folder of its own; a disk lies in `disks`. */
async function start({ files = () => [], first = true }: { files?: (disk: string) => string[]; first?: boolean } = {}) {
  const base = scratchFolder()
  mkdirSync(join(base, 'disks'))
  const disk = join(base, 'disks', 'disk.raw')
  writeFileSync(disk, new Uint8Array(1024))
  const data = join(base, 'data')
  vi.stubEnv('STRATA_DATA', data)
  process.argv = ['strata', ...files(disk)]
  electron.app.first = first
  await import('../../../src/main/index.ts')
  await Promise.resolve()
  onTestFinished(async () => {
    electron.person.button = 1
    const before = electron.app.quits
    electron.app.quit()
    if (first) await expect.poll(() => electron.app.quits, { timeout: 10_000 }).toBeGreaterThan(before)
  })
  return { base, data, disk }
}

type FakeWindow = ReturnType<typeof fakeElectron>['windows'][number]

/** A page in the window, speaking as its preload script does. */
function page(window: FakeWindow, frame?: unknown): WindowClient {
  let listener: (data: unknown) => void = () => undefined
  const { webContents } = window
  const send = webContents.send.bind(webContents)
  webContents.send = (channel, data) => {
    send(channel, data)
    if (channel === MESSAGE_CHANNEL) listener(structuredClone(data))
  }
  return makeClient({
    send: (data) => webContents.receive(MESSAGE_CHANNEL, data, frame ?? webContents.mainFrame),
    onMessage: (heard) => (listener = heard),
    onClose() {},
  })
}

const theWindow = (): FakeWindow => {
  expect(electron.windows.length).toBe(1)
  return electron.windows[0]!
}

describe('the window', () => {
  it('is isolated, sandboxed, and shown when there is something to show', async () => {
    await start()
    const { options, calls } = theWindow()
    expect(electron.app.sandboxed).toBe(true)
    expect(options).toMatchObject({
      show: false,
      webPreferences: {
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        preload: expect.stringMatching(/preload.index\.cjs$/) as string,
      },
    })
    expect(calls).toEqual([expect.stringMatching(/^load .*renderer.index\.html$/)])
    theWindow().emit('ready-to-show')
    expect(calls.at(-1)).toBe('show')
  })

  it('leads nowhere and gets no permission', async () => {
    await start()
    const { webContents } = theWindow()
    expect(webContents.windowOpenHandler?.()).toEqual({ action: 'deny' })
    for (const url of ['https://evil.example/', 'file:///etc/passwd', 'javascript:1', 'data:text/html,x'])
      expect(may(webContents, 'will-frame-navigate', { url }), url).toBe(false)
    expect(may(webContents, 'will-frame-navigate', { url: webContents.mainFrame.url })).toBe(true)
    expect(may(webContents, 'will-redirect', { url: 'https://evil.example/' })).toBe(false)
    expect(may(webContents, 'will-attach-webview')).toBe(false)
    const { defaultSession } = electron.session
    const answers: boolean[] = []
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'fileSystem',
      'clipboard-read',
      'clipboard-sanitized-write',
    ]) {
      defaultSession.request?.(null, permission, (yes) => answers.push(yes))
      expect(defaultSession.check?.(null, permission)).toBe(answers.at(-1))
    }
    expect(answers).toEqual([false, false, false, false, false, false, true])
    expect(may(defaultSession, 'will-download')).toBe(false)
  })

  it('opens where it was closed, or on the nearest screen where none shows that place any more', async () => {
    const { data } = await start()
    const window = theWindow()
    window.bounds = { x: 50, y: 60, width: 1000, height: 700 }
    window.maximized = true
    window.close()
    expect(JSON.parse(readFileSync(join(data, 'window.json'), 'utf8'))).toEqual({
      bounds: { x: 50, y: 60, width: 1000, height: 700 },
      maximized: true,
    })
    electron.app.emit('activate')
    expect(theWindow().options).toMatchObject({ x: 50, y: 60, width: 1000, height: 700 })
    expect(theWindow().maximized).toBe(true)
    const reopened = (bounds: Electron.Rectangle) => {
      theWindow().bounds = bounds
      theWindow().close()
      electron.app.emit('activate')
      return theWindow().options
    }
    expect(reopened({ x: 5000, y: 60, width: 1000, height: 700 })).toMatchObject({ x: 920, y: 60, width: 1000, height: 700 })
    expect(reopened({ x: -3000, y: -900, width: 2600, height: 1400 })).toMatchObject({ x: 0, y: 0, width: 1920, height: 1080 })
    // Its lower part shows, and nothing to move it by.
    expect(reopened({ x: 100, y: -600, width: 1000, height: 700 })).toMatchObject({ x: 100, y: 0, width: 1000, height: 700 })
    // Half of it off the screen is as the person left it.
    expect(reopened({ x: -500, y: 700, width: 1000, height: 700 })).toMatchObject({ x: -500, y: 700, width: 1000, height: 700 })
  })

  it('is loaded again when its page dies, but not over and over', async () => {
    await start()
    const { webContents, calls } = theWindow()
    webContents.emit('render-process-gone', {}, { reason: 'clean-exit' })
    expect(calls.length).toBe(1)
    for (let crash = 0; crash < 3; crash++) webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    expect(calls.length).toBe(2)
  })
})

describe('the channel', () => {
  it('answers its own page', async () => {
    await start()
    expect(await page(theWindow()).facts({})).toMatchObject({ kind: 'desktop', version: '1.2.3' })
  })

  it.each([
    ['another frame of the page', () => ({ url: theWindow().webContents.mainFrame.url })],
    ['no frame', () => null],
    [
      'a foreign page in the same frame',
      () => {
        theWindow().webContents.mainFrame.url = 'https://evil.example/index.html'
        return theWindow().webContents.mainFrame
      },
    ],
    [
      'another file in the same frame',
      () => {
        theWindow().webContents.mainFrame.url = 'file:///tmp/index.html'
        return theWindow().webContents.mainFrame
      },
    ],
  ])('does not hear %s', async (_name, frame) => {
    const { disk } = await start()
    const { webContents } = theWindow()
    const sender = frame()
    webContents.receive(DROPPED_CHANNEL, disk, sender)
    webContents.receive(MESSAGE_CHANNEL, { id: 1, method: 'info', request: { path: disk } }, sender)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(webContents.sent).toEqual([])
    // Nor was the file granted in silence.
    webContents.mainFrame.url = `file://${theWindow().calls[0]!.slice('load '.length)}`
    await expect(page(theWindow()).info({ path: disk })).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('grants a dropped file, and takes only text for a path', async () => {
    const { disk } = await start()
    const window = page(theWindow())
    await expect(window.info({ path: disk })).rejects.toMatchObject({ code: 'DENIED' })
    for (const nonsense of [null, 5, { path: disk }, [disk], 'not absolute']) theWindow().webContents.receive(DROPPED_CHANNEL, nonsense)
    await expect(window.info({ path: disk })).rejects.toMatchObject({ code: 'DENIED' })
    theWindow().webContents.receive(DROPPED_CHANNEL, disk)
    expect((await window.info({ path: disk })).layers.length).toBe(1)
  })
})

describe('the desktop', () => {
  it('asks with native dialogs', async () => {
    const { disk } = await start()
    const window = page(theWindow())
    expect(await window.openDialog({ title: 'Open', filters: [], several: true })).toEqual([])
    expect(await window.saveDialog({ title: 'Save', suggestion: '/x/y.qcow2', filters: [] })).toBeNull()
    Object.assign(electron.person, { open: [disk], save: `${disk}.qcow2` })
    expect(await window.openDialog({ title: 'Open', filters: [{ name: 'Images', extensions: ['raw'] }], several: false })).toEqual([disk])
    expect(await window.saveDialog({ title: 'Save', suggestion: '', filters: [] })).toBe(`${disk}.qcow2`)
    expect(electron.person.asked).toEqual([
      { title: 'Open', filters: [], properties: ['openFile', 'multiSelections'] },
      { title: 'Save', filters: [], properties: ['createDirectory', 'showOverwriteConfirmation'], defaultPath: '/x/y.qcow2' },
      { title: 'Open', filters: [{ name: 'Images', extensions: ['raw'] }], properties: ['openFile'] },
      { title: 'Save', filters: [], properties: ['createDirectory', 'showOverwriteConfirmation'] },
    ])
    await window.showInFolder({ path: disk })
    expect(electron.shown).toEqual([disk])
  })

  it('hands a file to the drag that began in the window, if the page was given that file', async () => {
    const { disk } = await start()
    const window = page(theWindow())
    const { dragged } = theWindow().webContents
    await expect(window.dragOut({ path: disk })).rejects.toMatchObject({ code: 'DENIED' })
    expect(dragged).toEqual([])
    theWindow().webContents.receive(DROPPED_CHANNEL, disk)
    await window.dragOut({ path: disk })
    electron.app.fileIcon = ''
    await window.dragOut({ path: disk })
    expect(dragged).toEqual([
      { file: disk, icon: 'of the system' },
      { file: disk, icon: 'plain' },
    ])
  })

  it('shows files from the command line, the system, the menu and a second start', async () => {
    const { disk } = await start({ files: (path) => ['--no-sandbox', path] })
    const window = page(theWindow())
    const opened: string[][] = []
    window.on('open', (paths) => opened.push(paths))
    await window.facts({})
    expect(electron.app.lockData).toEqual({ files: [disk] })
    const event = { preventDefault: vi.fn() }
    electron.app.emit('open-file', event, disk)
    expect(event.preventDefault).toHaveBeenCalled()
    electron.app.emit('second-instance', {}, [], '/', { files: [disk] })
    electron.app.emit('second-instance', {}, [], '/', { files: 'nonsense' })
    expect(theWindow().calls.filter((call) => call === 'restore' || call === 'focus')).toEqual(Array(3).fill(['restore', 'focus']).flat())
    electron.person.open = [disk]
    const items = electron.menus[0]!.flatMap((menu) => (Array.isArray(menu.submenu) ? menu.submenu : []))
    ;(items.find((item) => item.label?.startsWith('Open'))?.click as () => void)()
    await expect.poll(() => opened, { timeout: 10_000 }).toEqual([[disk], [disk], [disk], [disk]])
  })

  it('gives what it was started with to the Strata that runs, and ends', async () => {
    await start({ first: false })
    expect(electron.windows).toEqual([])
    expect(electron.app.quits).toBe(1)
  })
})

describe('leaving', () => {
  it('ends at once when nothing runs', async () => {
    await start()
    electron.app.quit()
    await expect.poll(() => electron.app.quits, { timeout: 10_000 }).toBe(1)
    expect(electron.person.asked).toEqual([])
  })

  it('asks while a job runs, and cancels it only when told so', async () => {
    const { base, disk } = await start()
    writeFileSync(join(base, 'disks', 'large.raw'), Buffer.alloc(48 * 2 ** 20, 'some data that packs'))
    theWindow().webContents.receive(DROPPED_CHANNEL, join(base, 'disks', 'large.raw'))
    const window = page(theWindow())
    const jobs: JobView[] = []
    window.on('job', (job) => jobs.push(job))
    const { id } = await window.startJob({
      kind: 'convert',
      request: {
        source: { path: join(base, 'disks', 'large.raw') },
        target: { path: join(base, 'disks', 'large.qcow2'), format: 'qcow2', compress: true },
        overwrite: false,
      },
    })
    await window.pauseJob({ id })
    expect(theWindow().close()).toBe(false)
    await expect.poll(() => electron.person.asked.length, { timeout: 10_000 }).toBe(1)
    await new Promise(setImmediate)
    expect(electron.app.quits).toBe(0)
    expect((await window.jobs({}))[0]!.status).toBe('paused')
    expect(electron.app.badge).toBe(1)
    electron.person.button = 1
    electron.app.quit()
    await expect.poll(() => electron.app.quits, { timeout: 10_000 }).toBe(1)
    expect(jobs.at(-1)!.status).toBe('interrupted')
    expect(electron.app.badge).toBe(0)
    expect(theWindow().progress).toBe(-1)
    expect(readdirSync(join(base, 'disks')).sort()).toEqual(['disk.raw', 'large.raw'])
    expect(existsSync(disk)).toBe(true)
    expect(theWindow().close()).toBe(true)
  })

  it('keeps the library', async () => {
    const { disk, data } = await start()
    theWindow().webContents.receive(DROPPED_CHANNEL, disk)
    const entries: LibraryEntry[] = await page(theWindow()).addToLibrary({ paths: [disk] })
    expect(entries).toMatchObject([{ path: disk, present: true }])
    expect(readFileSync(join(data, 'library.json'), 'utf8')).toContain(disk)
    expect(electron.app.paths).toEqual({ userData: join(data, 'chromium') })
  })
})
