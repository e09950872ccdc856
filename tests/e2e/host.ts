import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test as base, expect, _electron, type ElectronApplication, type Page } from '@playwright/test'
import type { ControlInput, ControlReport } from '../electron-shim/control.ts'

/** Which shell shows the window: the server in a browser, the built desktop over the stand-in for Electron, or Electron itself. */
export type HostKind = 'serve' | 'shim' | 'electron'

const READY_MS = 20_000

/** One started Strata with a folder of images and a memory of its own. */
export class StrataHost {
  readonly kind: HostKind
  /** where the test's images lie; in the browser the only granted folder */
  readonly folder: string
  readonly #base: string
  readonly #data: string
  #child: ChildProcess | undefined
  #electron: ElectronApplication | undefined
  #address = ''

  /** `base` is a folder of its own, which is removed in the end; without one, a new temporary folder. */
  constructor(kind: HostKind, base = mkdtempSync(join(tmpdir(), 'strata-e2e-'))) {
    this.kind = kind
    this.#base = realpathSync(base)
    this.folder = join(this.#base, 'images')
    mkdirSync(this.folder)
    this.#data = join(this.#base, 'data')
  }

  /** Starts Strata and shows its window on the page; Electron brings a page of its own. */
  async show(page: Page): Promise<Page> {
    if (this.kind === 'electron') {
      this.#electron = await _electron.launch({ args: ['.', '--no-sandbox'], env: this.#environment() })
      return this.#electron.firstWindow()
    }
    this.#address = await this.#spawn()
    await page.goto(this.#address)
    return page
  }

  /** What the next native save dialog answers; a browser has none. */
  async answerSave(path: string): Promise<void> {
    if (this.kind === 'shim') await this.control({ save: [path] })
    await this.#electron?.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath })
    }, path)
  }

  /** What the next native open dialog answers; a browser has none. */
  async answerOpen(path: string): Promise<void> {
    if (this.kind === 'shim') await this.control({ open: [[path]] })
    await this.#electron?.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
    }, path)
  }

  /** Tells the stand-in where a file lies that is about to be dropped; the others learn it from the drop. */
  async announceDrop(path: string): Promise<void> {
    if (this.kind === 'shim') await this.control({ dropped: { [basename(path)]: path } })
  }

  /** All that Strata has written about itself. */
  kept(): string {
    return readdirSync(this.#data, { recursive: true, encoding: 'utf8' })
      .map((name) => join(this.#data, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'latin1'))
      .join('\n')
  }

  /** Cuts the file of the library in its middle, as a full disk may; Strata must not run. */
  damageLibrary(): void {
    const path = join(this.#data, 'library.json')
    truncateSync(path, Math.floor(statSync(path).size / 2))
  }

  /** Ends Strata as a person's quit does, and waits until it is gone. */
  async stop(): Promise<void> {
    await this.#electron?.close()
    this.#electron = undefined
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
  }

  /** Stops, and removes what the test made. */
  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#base, { recursive: true, force: true })
  }

  /** Moves the person's hands around the stand-in's window, and answers what came of it. */
  async control(input: ControlInput): Promise<ControlReport> {
    const answer = await fetch(new URL('/__shim/control', this.#address), { method: 'POST', body: JSON.stringify(input) })
    if (!answer.ok) throw new Error(`the stand-in refused ${JSON.stringify(input)}`)
    return (await answer.json()) as ControlReport
  }

  /** Starts the program and answers the address that it prints first. */
  #spawn(): Promise<string> {
    const args =
      this.kind === 'serve'
        ? ['out/main/server.js', '--root', this.folder, ...this.#samePort()]
        : ['--import', './tests/electron-shim/register.mjs', 'out/main/index.js']
    const child = spawn(process.execPath, args, { env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    return new Promise((resolve, reject) => {
      let said = ''
      const timer = setTimeout(() => reject(new Error(`no address within ${READY_MS} ms:\n${said}`)), READY_MS)
      const hear = (chunk: Buffer): void => {
        said += chunk.toString()
        const url = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(said)?.[0]
        if (url === undefined) return
        clearTimeout(timer)
        resolve(url)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${said}`)))
    })
  }

  /** Started again, the server answers where it did before. */
  #samePort(): string[] {
    return this.#address === '' ? [] : ['--port', new URL(this.#address).port]
  }

  #environment(): Record<string, string> {
    const inherited = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return { ...Object.fromEntries(inherited), STRATA_DATA: this.#data, HOME: this.folder }
  }
}

export { expect }

/** What a test wants to find in its folder before Strata starts. */
export interface Seed {
  fill: (folder: string) => void
}

/** A test with a window on a fresh Strata. `seed` fills the folder before the program starts. */
export const test = base.extend<{ strata: StrataHost; win: Page; seed: Seed }, { host: HostKind }>({
  host: ['serve', { option: true, scope: 'worker' }],
  seed: [{ fill: () => {} }, { option: true }],
  strata: async ({ host }, use) => {
    const strata = new StrataHost(host)
    await use(strata)
    await strata.remove()
  },
  win: async ({ strata, page, seed }, use) => {
    seed.fill(strata.folder)
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (line) => {
      if (line.text().includes('Content Security Policy')) faults.push(line.text())
    })
    await use(await strata.show(page))
    expect(faults, 'errors of the page itself').toEqual([])
  },
})
