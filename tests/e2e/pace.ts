/**
 * How soon the window answers: `npm run pace`. A 1 TiB image with 100,000 clusters is opened, the map of one with ten million runs is zoomed
 * and moved, and three conversions run while a person types and scrolls. Figures, no verdict: machines differ.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { systemChromium } from '../../scripts/binaries.mjs'
import { lookInside, row, tray } from './hands.ts'
import { StrataHost } from './host.ts'
import { emptyQcow2, randomRaw } from './images.ts'
import { MANY_RUNS, manyRuns, mapFrames } from './pace-map.ts'

const TIB = 2 ** 40
const CLUSTER = 65536
const CLUSTERS = 100_000
const TURNS = 7
/** A task of the page's main thread that is longer than this, in milliseconds, is felt. */
const FELT = 50
/** A frame at sixty a second, in milliseconds, with what a clock rounds. */
const FRAME = 17

/** A 1 TiB image whose clusters lie evenly over the whole disk; compressed, so that it takes little room itself. */
function largeImage(folder: string, name: string): void {
  const path = join(folder, name)
  const step = Math.floor(TIB / CLUSTERS / CLUSTER) * CLUSTER
  const writes = Array.from({ length: CLUSTERS }, (_, i) => `write -c -q -P ${1 + (i % 250)} ${i * step} 64k\n`)
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(TIB)])
  execFileSync('qemu-io', ['-t', 'unsafe', '-f', 'qcow2', path], { input: writes.join(''), stdio: ['pipe', 'ignore', 'inherit'] })
}

/** Milliseconds from the click on a disk's row until its page is painted. */
async function opening(win: Page, name: string): Promise<number> {
  return row(win, name).evaluate(
    (item, title) =>
      new Promise<number>((resolve) => {
        const begun = performance.now()
        ;(item as HTMLElement).click()
        const look = (): void => {
          const shown = document.querySelector('main h1')?.textContent.includes(title) && document.querySelector('main [role=tablist]')
          if (shown) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)))
          else requestAnimationFrame(look)
        }
        look()
      }),
    name,
  )
}

/** Milliseconds from the click on the Map tab until the picture has its first marks. */
async function mapping(win: Page): Promise<number> {
  const tab = win.getByRole('tab', { name: 'Map' })
  return tab.evaluate(
    (element) =>
      new Promise<number>((resolve) => {
        const begun = performance.now()
        ;(element as HTMLElement).click()
        const look = (): void => {
          if (document.querySelector('main canvas[data-drawn]')) resolve(performance.now() - begun)
          else requestAnimationFrame(look)
        }
        look()
      }),
  )
}

/** The main thread's tasks over `FELT` while `during` goes on, in milliseconds each. */
async function feltTasks(win: Page, during: () => Promise<void>): Promise<number[]> {
  await win.evaluate(() => {
    const seen: number[] = []
    Object.assign(globalThis, { strataPace: seen })
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({
      entryTypes: ['longtask'],
    })
  })
  await during()
  return win.evaluate((felt) => (globalThis as unknown as { strataPace: number[] }).strataPace.filter((task) => task > felt), FELT)
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

const strata = new StrataHost('serve', mkdtempSync(join(tmpdir(), 'strata-pace-')))
const executablePath = systemChromium()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
try {
  largeImage(strata.folder, 'large.qcow2')
  emptyQcow2(strata.folder, 'small.qcow2')
  manyRuns(strata.folder, 'pieces.qcow2')
  const sources = ['one.raw', 'two.raw', 'three.raw']
  for (const name of sources) randomRaw(strata.folder, name, 400)
  const win = await strata.show(await browser.newPage({ viewport: { width: 1280, height: 800 } }))
  for (const name of ['small.qcow2', 'large.qcow2', ...sources]) await lookInside(win, strata, name)

  const openings: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await opening(win, 'small.qcow2')
    openings.push(await opening(win, 'large.qcow2'))
  }
  console.log(`image page of 1 TiB, ${CLUSTERS} clusters: ${median(openings).toFixed(0)} ms (${Math.max(...openings).toFixed(0)} at most)`)

  const maps: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await opening(win, 'small.qcow2')
    await opening(win, 'large.qcow2')
    maps.push(await mapping(win))
    await win.getByRole('tab', { name: 'Overview' }).click()
  }
  console.log(`first picture of its map: ${median(maps).toFixed(0)} ms (${Math.max(...maps).toFixed(0)} at most)`)

  await lookInside(win, strata, 'pieces.qcow2')
  await win.getByRole('tab', { name: 'Map' }).click()
  await win.getByText('Looking…').waitFor({ state: 'hidden', timeout: 60_000 })
  for (const [way, frames] of Object.entries(await mapFrames(win))) {
    const late = frames.filter((frame) => frame > FRAME).length
    const most = `${Math.max(...frames).toFixed(0)} at most, ${late} of ${frames.length} over ${FRAME}`
    console.log(`frame of the map of ${MANY_RUNS} runs, ${way}: ${median(frames).toFixed(1)} ms (${most})`)
  }

  const felt = await feltTasks(win, async () => {
    for (const name of sources) {
      await row(win, name).click()
      await win.getByRole('button', { name: 'Convert…' }).click()
      await win.getByText('It fits.').waitFor()
      await win.getByRole('button', { name: 'Convert', exact: true }).last().click()
    }
    for (let turn = 0; turn < 10; turn++) {
      await win.keyboard.press('Control+k')
      await win.keyboard.type('large', { delay: 40 })
      await win.keyboard.press('Escape')
      await win.mouse.wheel(0, 300)
      await win.mouse.wheel(0, -300)
    }
    await tray(win).getByText('Converted three.raw').first().waitFor({ timeout: 300_000 })
  })
  console.log(`tasks over ${FELT} ms while three jobs run: ${felt.length === 0 ? 'none' : felt.map((task) => `${task} ms`).join(', ')}`)
} finally {
  await browser.close()
  await strata.remove()
}
