import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { Bridge } from '../../src/shared/bridge.ts'
import { hang, lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)
test.skip(({ host }) => host !== 'shim', 'moves the menu, the system and the file manager, which only the stand-in lets a test do')

test.use({
  seed: {
    fill: (folder: string) => {
      emptyQcow2(folder, 'one.qcow2')
      smallRaw(folder, 'two.raw')
      smallRaw(folder, 'never-given.raw')
    },
  },
})

test('the menu, the system and a second start bring disks into the window', async ({ win, strata }) => {
  await strata.control({ open: [[join(strata.folder, 'one.qcow2')]], menu: 'Open Image…' })
  await expect(win.getByRole('heading', { name: 'one.qcow2' })).toBeVisible()
  await strata.control({ secondInstance: [join(strata.folder, 'two.raw')] })
  await expect(win.getByRole('heading', { name: 'two.raw' })).toBeVisible()
  await strata.control({ openFile: join(strata.folder, 'one.qcow2') })
  await expect(win.getByRole('heading', { name: 'one.qcow2' })).toBeVisible()
  await expect(row(win, 'two.raw')).toBeVisible()
  const opened = ['one.qcow2', 'two.raw'].map((name) => join(strata.folder, name))
  expect((await strata.control({})).recent).toEqual(expect.arrayContaining(opened))
})

test('the menu does what the window does, and leaves an open sheet alone', async ({ win, strata }) => {
  const sheet = win.getByRole('dialog')
  const chosen = async (menu: string, title: string): Promise<void> => {
    await strata.control({ menu })
    await expect(sheet).toHaveAccessibleName(title)
    await win.keyboard.press('Escape')
    await expect(sheet).toBeHidden()
  }
  await lookInside(win, strata, 'one.qcow2')
  await chosen('New Disk…', 'New disk')
  await chosen('Convert…', 'Convert a disk')
  await chosen('Take Snapshot…', 'Take a snapshot of one.qcow2')
  await chosen('Keyboard Shortcuts', 'Keyboard shortcuts')
  await chosen('About Strata', 'About Strata')
  await chosen('Find a Disk or an Action…', 'Find a disk or an action')
  await strata.control({ menu: 'New Disk…' })
  await expect(sheet).toHaveAccessibleName('New disk')
  await strata.control({ menu: 'Settings…' })
  await win.waitForTimeout(300)
  await expect(sheet).toHaveAccessibleName('New disk')
  await win.keyboard.press('Escape')
  await strata.control({ menu: 'Filter the Library' })
  await expect(win.getByLabel('Find a disk', { exact: true })).toBeFocused()
})

test('the file manager shows where a disk lies', async ({ win, strata }) => {
  await lookInside(win, strata, 'two.raw')
  await win.getByRole('button', { name: 'More actions' }).click()
  await win.getByRole('menuitem', { name: 'Show in folder' }).click()
  await expect.poll(async () => (await strata.control({})).shown).toEqual([join(strata.folder, 'two.raw')])
})

test('a disk is dragged out of the window by its row, and is no drop on the window', async ({ win, strata }) => {
  await lookInside(win, strata, 'two.raw')
  const path = join(strata.folder, 'two.raw')
  await row(win, 'two.raw').hover()
  await win.mouse.down()
  await win.mouse.move(500, 300, { steps: 4 })
  await expect.poll(async () => (await strata.control({})).draggedOut).toEqual([path])
  await hang(win, 'dragenter')
  await expect(win.getByText('Look inside', { exact: true })).toBeHidden()
  await win.mouse.up()
  await win.mouse.move(510, 310)
  await hang(win, 'dragenter')
  await expect(win.getByText('Look inside', { exact: true })).toBeVisible()
  await hang(win, 'dragleave')
})

test('a page that was taken over gets at nothing that was not given', async ({ win, strata }) => {
  await lookInside(win, strata, 'two.raw')
  const secret = join(strata.folder, 'never-given.raw')
  const target = join(strata.folder, 'run.sh')
  const convert = (from: string, to: string) => ({
    kind: 'convert',
    request: { source: { path: from }, target: { path: to, format: 'raw' }, overwrite: true },
  })
  const denied = { error: { code: 'DENIED' } }
  expect(await ask(win, 'info', { path: '/etc/passwd' })).toMatchObject(denied)
  expect(await ask(win, 'info', { path: secret })).toMatchObject(denied)
  expect(await ask(win, 'dragOut', { path: secret })).toMatchObject(denied)
  expect(await ask(win, 'addToLibrary', { paths: [secret] })).toMatchObject(denied)
  expect(await ask(win, 'startJob', convert(secret, join(strata.folder, 'copy.raw')))).toMatchObject(denied)
  expect(await ask(win, 'startJob', convert(join(strata.folder, 'two.raw'), target))).toMatchObject(denied)
  expect(await ask(win, '__proto__', {})).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } })
  // A file that a script made has no path, whatever it calls itself.
  expect(await win.evaluate((name) => (window as unknown as { strata: Bridge }).strata.pathForFile(new File([], name)), secret)).toBe('')
  expect(await ask(win, 'info', { path: secret })).toMatchObject(denied)
  expect(existsSync(target)).toBe(false)
  expect(readdirSync(strata.folder)).not.toContain('copy.raw')
})

/** Asks the host as a script in the page could, past Strata's own code. */
function ask(win: Page, method: string, request: unknown): Promise<unknown> {
  return win.evaluate(
    (call) =>
      new Promise((resolve) => {
        const id = 1_000_000 + Math.floor(Math.random() * 1_000_000)
        const { strata } = window as unknown as { strata: Bridge }
        strata.onMessage((message) => {
          if ((message as { id?: number }).id === id) resolve(message)
        })
        strata.send({ id, ...call })
      }),
    { method, request },
  )
}
