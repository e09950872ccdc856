import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { dropFiles, lookInside, placeDisk, row, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, qemuImg, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      qemuImg('snapshot', '-c', 'before', emptyQcow2(folder, 'base.qcow2'))
      overlay(folder, 'web.qcow2', 'base.qcow2')
      smallRaw(folder, 'card.raw')
    },
  },
})

/** Nothing that axe calls serious or critical may be on the page. */
async function axe(win: Page, view: string): Promise<void> {
  await win.waitForTimeout(250)
  const { violations } = await new AxeBuilder({ page: win })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join(' | ')}`),
    view,
  ).toEqual([])
}

/** What is wider than its room, and where no finger can bring it into sight. */
function tooWide(win: Page): Promise<string[]> {
  return win.evaluate(() => {
    const wide = (element: Element): boolean => element.scrollWidth > element.clientWidth + 1
    return [document.documentElement, ...document.querySelectorAll('main, [role=dialog], [role=dialog] form, [role=region]')]
      .filter(wide)
      .map(
        (element) =>
          `${element.tagName} ${element.getAttribute('aria-label') ?? element.id}: ${element.scrollWidth} in ${element.clientWidth}`,
      )
  })
}

/** A window of 1280 by 800 and the smallest one, both at 200 %. */
const ZOOMED = [
  { width: 640, height: 400 },
  { width: 410, height: 300 },
]

/** Every sheet that a disk or the window has, each opened from the page before it, and closed again. */
const SHEETS: [name: string, open: (win: Page) => Promise<void>][] = [
  ['put on another base', (win) => act(win, 'Put on another base…')],
  ['compare', (win) => act(win, 'Compare with…')],
  ['rename', (win) => act(win, 'Rename or move…')],
  ['discard', (win) => act(win, /^(Delete…|Move to the bin…)$/)],
  ['compact', (win) => act(win, 'Compact…')],
  ['resize', (win) => act(win, 'Resize…')],
  ['snapshot', (win) => act(win, 'Snapshot now')],
  ['palette', (win) => win.keyboard.press('Control+k')],
  ['shortcuts', (win) => win.keyboard.press('?')],
  ['settings', (win) => win.getByRole('button', { name: 'Settings' }).click()],
  ['about', (win) => command(win, 'about')],
  ['create', (win) => win.keyboard.press('Control+n')],
  ['convert', (win) => win.keyboard.press('Control+e')],
]

async function act(win: Page, action: string | RegExp): Promise<void> {
  await win.getByRole('heading', { level: 1 }).click({ button: 'right' })
  await win.getByRole('menuitem', { name: action, exact: true }).click()
}

async function command(win: Page, words: string): Promise<void> {
  await win.keyboard.press('Control+k')
  await win.keyboard.type(words)
  await win.keyboard.press('Enter')
}

test('every tab and sheet is sound for axe, and whole at 200 %', async ({ win, strata }) => {
  test.setTimeout(180_000)
  // The page is one and the same in every shell, so each judges it in one of the two schemes.
  await win.emulateMedia({ colorScheme: strata.kind === 'serve' ? 'light' : 'dark' })
  const judge = async (view: string): Promise<void> => {
    await axe(win, view)
    const before = win.viewportSize()
    for (const size of ZOOMED) {
      await win.setViewportSize(size)
      expect.soft(await tooWide(win), `${view} at ${size.width}`).toEqual([])
    }
    await win.setViewportSize(before ?? { width: 1280, height: 800 })
    // A picture for a person to look at.
    await win.screenshot({ path: test.info().outputPath(`${view}.png`), animations: 'disabled' })
  }
  await lookInside(win, strata, 'base.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  for (const tab of ['Layers', 'Map', 'Health', 'Security']) {
    await win.getByRole('tab', { name: tab }).click()
    await judge(tab)
  }
  await row(win, 'base.qcow2').click()
  for (const [name, open] of SHEETS) {
    await open(win)
    await expect(win.getByRole('dialog')).toBeVisible()
    await judge(name)
    await win.keyboard.press('Escape')
    await expect(win.getByRole('dialog')).toBeHidden()
  }
  await win.getByRole('tab', { name: 'Snapshots (1)' }).click()
  await judge('snapshots')
  await win.getByRole('button', { name: 'More for before' }).click()
  await win.getByRole('menuitem', { name: 'Compare…' }).click()
  await judge('compare a snapshot')
  await win.keyboard.press('Escape')
  const paths = ['card.raw', 'web.qcow2'].map((name) => join(strata.folder, name))
  await dropFiles(win, strata, paths, 'convert')
  await expect(win.getByText('It fits.')).toBeVisible()
  await judge('convert several')
  await win.getByRole('button', { name: 'Convert', exact: true }).last().click()
  await tray(win).getByRole('button', { name: 'Show all jobs' }).click()
  await tray(win).getByRole('button', { name: 'Details' }).first().click()
  await judge('job report')
  if (strata.kind !== 'serve') return
  await tray(win).getByRole('button', { name: 'Fold the jobs away' }).click()
  await win.keyboard.press('Control+o')
  await expect(win.getByRole('option').first()).toBeVisible()
  await judge('file picker')
})

test('the end of a job is said, and colours that are forced leave what they show', async ({ win, strata }) => {
  await win.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await expect(win.locator('[data-announcer]')).toHaveText('Checked web.qcow2')
  await win.getByRole('tab', { name: 'Map' }).click()
  const key = win.getByText('In a lower layer').locator('..').locator('span').first()
  const colour = await key.evaluate((element) => getComputedStyle(element).backgroundColor)
  expect(colour).not.toMatch(/^rgba?\((255, 255, 255|0, 0, 0)/)
  await win.screenshot({ path: test.info().outputPath('forced.png'), animations: 'disabled' })
})

test.describe('in another country', () => {
  test.use({ locale: 'de-DE' })

  test('numbers and dates are written as there', async ({ win, strata }) => {
    await lookInside(win, strata, 'card.raw')
    await expect(win.getByText('16 MiB').first()).toBeVisible()
    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    await placeDisk(win.getByRole('dialog'), strata, 'disk.qcow2')
    await win.getByLabel('Size', { exact: true }).fill('1,5')
    await expect(win.getByText('A disk of 1,5 GiB for the guest')).toBeVisible()
    await expect(win.getByText(/\d\d\.\d\d\.20\d\d, \d\d:\d\d/).first()).toBeAttached()
  })
})
