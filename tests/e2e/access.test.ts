import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { dropFiles, lookInside, placeDisk, row, tray } from './hands.ts'
import { expect, test, type StrataHost } from './host.ts'
import { emptyQcow2, hasQemu, luksQcow2, NO_QEMU, overlay, qemuImg, smallRaw } from './images.ts'
import { expectSound, schemeOf } from './sound.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      qemuImg('snapshot', '-c', 'before', emptyQcow2(folder, 'base.qcow2'))
      overlay(folder, 'web.qcow2', 'base.qcow2')
      smallRaw(folder, 'card.raw')
      overlay(folder, 'orphan.qcow2', 'base.qcow2')
      qemuImg('rebase', '-u', '-b', 'gone.qcow2', '-F', 'qcow2', join(folder, 'orphan.qcow2'))
      luksQcow2(folder, 'safe.qcow2', 'words')
    },
  },
})

/** Judges what is in view; the page below a sheet was judged by itself. */
async function axe(win: Page, view: string): Promise<void> {
  await expectSound(win, view, (await win.getByRole('dialog').count()) > 0 ? '[role=dialog]' : undefined)
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

/** What can be worked, and can't be brought into sight or lies under something else: in the sheet, if one is open, or in the place that lies over the page. */
function outOfReach(win: Page, over: string): Promise<string[]> {
  return win.evaluate((selector) => {
    const within = [...document.querySelectorAll(selector)].at(-1) ?? document
    const lost: string[] = []
    for (const element of within.querySelectorAll(
      'button:not(:disabled), input, [role=slider], [role=tab], [role=treeitem], [role=option]',
    )) {
      if (!element.checkVisibility({ visibilityProperty: true }) || element.getBoundingClientRect().width < 2) continue
      element.scrollIntoView({ block: 'nearest', inline: 'nearest' })
      const box = element.getBoundingClientRect()
      const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)]
      const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)]
      const there = right > left && bottom > top ? document.elementFromPoint((left + right) / 2, (top + bottom) / 2) : null
      if (there && (element.contains(there) || there.contains(element))) continue
      const name = element.getAttribute('aria-label') ?? element.textContent.trim()
      lost.push(
        `${element.tagName} ${name} at ${Math.round(box.left)},${Math.round(box.top)} under ${there?.className.toString() ?? 'nothing'}`,
      )
    }
    return lost
  }, over)
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

/** Looks at what is shown with axe, and in windows that are small or at 200 %. */
async function judge(win: Page, view: string, over = '[role=dialog]'): Promise<void> {
  await axe(win, view)
  const before = win.viewportSize()
  for (const size of ZOOMED) {
    await win.setViewportSize(size)
    expect.soft(await tooWide(win), `${view} at ${size.width}`).toEqual([])
    expect.soft(await outOfReach(win, over), `${view} at ${size.width}`).toEqual([])
  }
  await win.setViewportSize(before ?? { width: 1280, height: 800 })
  // A picture for a person to look at.
  await win.screenshot({ path: test.info().outputPath(`${view}.png`), animations: 'disabled' })
}

/** The page is one and the same in every shell, so each judges it in one of the two schemes. */
async function dress(win: Page, strata: StrataHost): Promise<void> {
  // A view is looked at in three sizes, and a loaded machine takes seconds for each.
  test.setTimeout(300_000)
  await win.emulateMedia({ colorScheme: schemeOf(strata) })
}

test('every tab and sheet is sound for axe, and whole at 200 %', async ({ win, strata }) => {
  await dress(win, strata)
  await lookInside(win, strata, 'base.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  for (const tab of ['Layers', 'Map', 'Health', 'Security']) {
    await win.getByRole('tab', { name: tab }).click()
    await judge(win, tab)
  }
  await row(win, 'base.qcow2').click()
  for (const [name, open] of SHEETS) {
    await open(win)
    await expect(win.getByRole('dialog')).toBeVisible()
    await judge(win, name)
    await win.keyboard.press('Escape')
    await expect(win.getByRole('dialog')).toBeHidden()
  }
})

test('and so are snapshots, several conversions, the jobs and the file picker', async ({ win, strata }) => {
  await dress(win, strata)
  await lookInside(win, strata, 'base.qcow2')
  await win.getByRole('tab', { name: 'Snapshots (1)' }).click()
  await judge(win, 'snapshots')
  await win.getByRole('button', { name: 'More for before' }).click()
  await win.getByRole('menuitem', { name: 'Compare…' }).click()
  await judge(win, 'compare a snapshot')
  await win.keyboard.press('Escape')
  const paths = ['card.raw', 'web.qcow2'].map((name) => join(strata.folder, name))
  await dropFiles(win, strata, paths, 'convert')
  await expect(win.getByText('It fits.')).toBeVisible()
  await judge(win, 'convert several')
  await win.getByRole('button', { name: 'Convert', exact: true }).last().click()
  await tray(win).getByRole('button', { name: 'Show all jobs' }).click()
  await tray(win).getByRole('button', { name: 'Details' }).first().click()
  await judge(win, 'job report', 'section[aria-label=Jobs]')
  if (strata.kind !== 'serve') return
  await tray(win).getByRole('button', { name: 'Fold the jobs away' }).click()
  await win.keyboard.press('Control+o')
  await expect(win.getByRole('option').first()).toBeVisible()
  await judge(win, 'file picker')
})

test('and so are the sheets of layers, snapshots and passphrases', async ({ win, strata }) => {
  await dress(win, strata)
  const close = async (): Promise<void> => {
    await win.keyboard.press('Escape')
    await expect(win.getByRole('dialog')).toBeHidden()
  }
  const sheet = async (view: string): Promise<void> => {
    await expect(win.getByRole('dialog')).toBeVisible()
    await judge(win, view)
    await close()
  }
  const menu = async (of: string, item: string): Promise<void> => {
    await win.getByRole('button', { name: of }).press('Enter')
    await win.getByRole('menuitem', { name: item }).press('Enter')
  }
  await lookInside(win, strata, 'safe.qcow2')
  await win.getByRole('tab', { name: 'Security' }).click()
  await win.getByLabel('Passphrase', { exact: true }).fill('words')
  await win.getByRole('button', { name: 'Unlock' }).click()
  await expect(win.getByText('Encrypted, unlocked for this session')).toBeVisible()
  await judge(win, 'unlocked')
  await win.getByRole('button', { name: 'Add a passphrase…' }).click()
  await sheet('add a passphrase')
  await lookInside(win, strata, 'orphan.qcow2')
  await judge(win, 'a layer is missing')
  await win.getByRole('button', { name: 'Find it…' }).click()
  await sheet('find the layer below')
  await lookInside(win, strata, 'base.qcow2')
  await menu('More actions', 'Duplicate…')
  await sheet('duplicate')
  await win.getByRole('tab', { name: 'Snapshots (1)' }).click()
  await win.getByRole('button', { name: 'Go back to before…' }).click()
  await sheet('go back')
  await menu('More for before', 'Delete…')
  await sheet('delete a snapshot')
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  await menu('Actions for web.qcow2', 'Commit into the layer below')
  await sheet('commit')
  await menu('Actions for web.qcow2', 'Flatten: make it stand alone')
  await sheet('flatten')
  await win.setViewportSize({ width: 640, height: 400 })
  await win.getByRole('button', { name: 'Show the library' }).click()
  await judge(win, 'folded list', 'nav')
  await win.getByRole('button', { name: 'Strata: all disks' }).click()
  await judge(win, 'library')
})

test('the end of a job is said, and colours that are forced leave what they show', async ({ win, strata }) => {
  await win.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await expect(win.locator('[data-announcer]')).toHaveText('Checked web.qcow2: This disk is fine.')
  await win.getByRole('tab', { name: 'Map' }).click()
  const key = win.getByText('In a lower layer').locator('..').locator('span').first()
  const colour = await key.evaluate((element) => getComputedStyle(element).backgroundColor)
  expect(colour).not.toMatch(/^rgba?\((255, 255, 255|0, 0, 0)/)
  const pixels = (): Promise<string> =>
    win
      .locator('canvas')
      .last()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())
  await expect(win.locator('canvas[data-drawn]')).toBeVisible()
  const before = await pixels()
  await win.emulateMedia({ colorScheme: 'dark', forcedColors: 'none' })
  await expect.poll(pixels).not.toBe(before)
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
