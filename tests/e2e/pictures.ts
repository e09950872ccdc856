/**
 * Takes pictures of every view, in light and dark, in a wide and a narrow window: `npm run pictures [FOLDER]`. They are for a person to look at.
 * Without a folder it takes the README's four pictures instead.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { choose, dropFile, dropFiles, lookInside, row, tray } from './hands.ts'
import { StrataHost } from './host.ts'
import { cutQcow2, leakyQcow2, qemuImg, randomRaw } from './images.ts'

const README_PICTURES = resolve(import.meta.dirname, '../../docs/pictures')
const SIZES = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
  { width: 820, height: 600 },
]
const SCHEMES = ['light', 'dark'] as const

/** A home with a few machines in it, of the sizes that machines have. */
function furnish(folder: string): void {
  const at = (name: string): string => join(folder, name)
  const write = (name: string, mebibytes: number, from = 0): void => {
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -q -P 7 ${from}M ${mebibytes}M`, at(name)])
  }
  const make = (name: string, size: string, ...more: string[]): void => void qemuImg('create', '-q', '-f', 'qcow2', ...more, at(name), size)
  const on = (name: string, base: string): void => void qemuImg('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', at(name))
  make('debian-12.qcow2', '2G')
  write('debian-12.qcow2', 310)
  on('web.qcow2', 'debian-12.qcow2')
  write('web.qcow2', 64, 400)
  on('build.qcow2', 'debian-12.qcow2')
  write('build.qcow2', 140, 500)
  on('build-try.qcow2', 'build.qcow2')
  write('build-try.qcow2', 12, 900)
  make('mail.qcow2', '1G', '-o', 'compat=0.10')
  write('mail.qcow2', 90)
  qemuImg('snapshot', '-c', 'before the upgrade', at('mail.qcow2'))
  qemuImg('snapshot', '-c', 'with the new mailer', at('mail.qcow2'))
  make('gone.qcow2', '1G')
  on('orphan.qcow2', 'gone.qcow2')
  write('orphan.qcow2', 20)
  rmSync(at('gone.qcow2'))
  randomRaw(folder, 'camera-card.raw', 150)
  leakyQcow2(folder, 'router.qcow2')
  cutQcow2(folder, 'cut-short.qcow2')
}

const LIBRARY = [
  'web.qcow2',
  'debian-12.qcow2',
  'build.qcow2',
  'build-try.qcow2',
  'mail.qcow2',
  'orphan.qcow2',
  'camera-card.raw',
  'router.qcow2',
]

/** Every view, in an order in which each can be reached from the one before. */
function views(win: Page, strata: StrataHost): [name: string, show: () => Promise<void>][] {
  const at = (name: string): string => join(strata.folder, name)
  const button = (name: string): Promise<void> => win.getByRole('button', { name, exact: true }).first().click()
  const open = async (name: string): Promise<void> => {
    const list = win.getByRole('button', { name: 'Show the library' })
    if (await list.isVisible()) await list.click()
    await row(win, name).click()
  }
  const tab = (name: string): Promise<void> => win.getByRole('tab', { name }).click()
  const close = (): Promise<void> => win.keyboard.press('Escape')
  const settled = async (kind: string): Promise<void> => tray(win).getByText(kind).waitFor()
  return [
    ['library', () => button('Strata: all disks')],
    ['disk-overlay', () => open('web.qcow2')],
    ['layers', () => tab('Layers')],
    [
      'map',
      async () => {
        await tab('Map')
        await win.getByLabel('By layer').click()
      },
    ],
    ['security', () => tab('Security')],
    ['disk-base', () => open('debian-12.qcow2')],
    ['disk-raw', () => open('camera-card.raw')],
    ['disk-broken-chain', () => open('orphan.qcow2')],
    [
      'compare',
      async () => {
        await open('web.qcow2')
        await win.getByRole('heading', { level: 1 }).click({ button: 'right' })
        await win.getByRole('menuitem', { name: 'Compare with…' }).click()
      },
    ],
    [
      'rebase',
      async () => {
        await close()
        await win.getByRole('heading', { level: 1 }).click({ button: 'right' })
        await win.getByRole('menuitem', { name: 'Put on another base…' }).click()
        await choose(win, 'New base', 'build.qcow2')
      },
    ],
    [
      'palette',
      async () => {
        await close()
        await win.keyboard.press('Control+k')
      },
    ],
    ['about', () => close().then(() => command(win, 'about'))],
    [
      'snapshots',
      async () => {
        await close()
        await open('mail.qcow2')
        await win.getByRole('tab', { name: /Snapshots/ }).click()
      },
    ],
    [
      'check-fine',
      async () => {
        await open('debian-12.qcow2')
        await button('Check')
        await settled('Checked debian-12.qcow2')
      },
    ],
    [
      'check-leaks',
      async () => {
        await open('router.qcow2')
        await button('Check')
        await settled('Checked router.qcow2')
      },
    ],
    ['error', () => dropFile(win, strata, at('cut-short.qcow2'), 'look')],
    [
      'create',
      async () => {
        await button('New disk')
        await win.getByLabel('Size', { exact: true }).fill('40')
      },
    ],
    ['create-advanced', () => button('Advanced')],
    ['picker', () => button('Choose…')],
    [
      'convert',
      async () => {
        await close()
        await close()
        await dropFile(win, strata, at('web.qcow2'), 'convert')
        await win.getByText('It fits.').waitFor()
      },
    ],
    [
      'convert-several',
      async () => {
        await close()
        await dropFiles(win, strata, ['camera-card.raw', 'web.qcow2', 'mail.qcow2'].map(at), 'convert')
        await win.getByText('It fits.').waitFor()
      },
    ],
    [
      'convert-compressed',
      async () => {
        await close()
        await dropFile(win, strata, at('camera-card.raw'), 'convert')
        await win.getByRole('checkbox', { name: 'Compress' }).click()
        await win.getByText('It fits.').waitFor()
        await win.waitForTimeout(700)
      },
    ],
    [
      'job-running',
      async () => {
        await win.getByRole('button', { name: 'Convert', exact: true }).last().click()
        await open('web.qcow2')
        await win.waitForTimeout(2500)
      },
    ],
    ['jobs', () => button('Show all jobs')],
    [
      'resize',
      async () => {
        await tray(win)
          .getByRole('button', { name: 'Cancel' })
          .click({ timeout: 1000 })
          .catch(() => undefined)
        await button('Fold the jobs away')
        await open('debian-12.qcow2')
        await button('Resize…')
        await button('+ 10 GiB')
      },
    ],
    [
      'drop',
      async () => {
        await close()
        const session = await win.context().newCDPSession(win)
        const data = { items: [], files: [at('web.qcow2')], dragOperationsMask: 1 }
        await session.send('Input.dispatchDragEvent', { type: 'dragEnter', x: 200, y: 300, data })
        await session.send('Input.dispatchDragEvent', { type: 'dragOver', x: 200, y: 300, data })
      },
    ],
  ]
}

async function command(win: Page, words: string): Promise<void> {
  await win.keyboard.press('Control+k')
  await win.keyboard.type(words)
  await win.keyboard.press('Enter')
}

async function album(into: string): Promise<void> {
  const browser = await chromium.launch(launchOptions())
  for (const size of SIZES) {
    for (const colorScheme of SCHEMES) {
      const strata = newHost()
      const page = await (await browser.newContext({ viewport: size, colorScheme })).newPage()
      const shoot = async (name: string): Promise<void> => {
        await page.waitForTimeout(350)
        await page.screenshot({ path: join(into, `${size.width}-${colorScheme}-${name}.png`) })
      }
      const win = await strata.show(page)
      await shoot('empty')
      furnish(strata.folder)
      // The list is always shown in a wide window.
      await page.setViewportSize({ width: 1280, height: 800 })
      for (const name of LIBRARY) await lookInside(win, strata, name)
      await page.setViewportSize(size)
      for (const [name, show] of views(win, strata)) {
        await show()
        await shoot(name)
      }
      await page.context().close()
      await strata.remove()
    }
  }
  await browser.close()
}

/** The views that the README shows, two in light and two in dark. */
const README_VIEWS = { 'disk-overlay': 'light', 'convert-several': 'light', library: 'dark', map: 'dark' } as const

async function readme(): Promise<void> {
  mkdirSync(README_PICTURES, { recursive: true })
  const browser = await chromium.launch(launchOptions())
  const strata = newHost()
  furnish(strata.folder)
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  const win = await strata.show(page)
  for (const name of LIBRARY) await lookInside(win, strata, name)
  for (const name of ['debian-12.qcow2', 'web.qcow2']) {
    await row(win, name).click()
    await win.getByRole('button', { name: 'Check', exact: true }).click()
    await tray(win).getByText(`Checked ${name}`).waitFor()
  }
  for (const [name, show] of views(win, strata)) {
    const colorScheme = Object.entries(README_VIEWS).find(([view]) => view === name)?.[1]
    if (!colorScheme) continue
    await page.emulateMedia({ colorScheme })
    await show()
    await page.waitForTimeout(400)
    await page.screenshot({ path: join(README_PICTURES, `${name}.png`) })
  }
  await browser.close()
  await strata.remove()
}

function newHost(): StrataHost {
  const base = join(tmpdir(), 'strata-pictures')
  rmSync(base, { recursive: true, force: true })
  mkdirSync(base)
  return new StrataHost('serve', base)
}

function launchOptions(): { executablePath?: string } {
  return existsSync(chromium.executablePath()) ? {} : { executablePath: '/usr/bin/chromium' }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  await readme()
} else {
  mkdirSync(folder, { recursive: true })
  await album(folder)
}
