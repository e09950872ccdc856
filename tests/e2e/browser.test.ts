import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropFile, row } from './hands.ts'
import { expect, test } from './host.ts'
import { smallRaw } from './images.ts'

test.skip(({ host }) => host !== 'serve', 'the desktop has native dialogs and its own channel')

test.use({
  seed: {
    fill: (folder: string) => {
      mkdirSync(join(folder, 'deep', 'deeper'), { recursive: true })
      smallRaw(join(folder, 'deep'), 'nested.raw')
      smallRaw(folder, 'top.raw')
      writeFileSync(join(folder, 'notes.txt'), 'no disk')
    },
  },
})

test('the file picker is walked with the keyboard', async ({ win }) => {
  await win.keyboard.press('Control+o')
  const picker = win.getByRole('dialog', { name: 'Open a disk image' })
  await expect(picker.getByRole('option')).toHaveCount(3)
  await picker.getByRole('option').first().focus()
  await win.keyboard.press('Enter')
  await expect(picker.getByRole('button', { name: 'deep', exact: true })).toHaveAttribute('aria-current', 'location')
  await picker.getByRole('option', { name: 'deeper' }).focus()
  await win.keyboard.press('n')
  await expect(picker.getByRole('option', { name: 'nested.raw' })).toBeFocused()
  await win.keyboard.press('Backspace')
  await expect(picker.getByRole('option', { name: 'top.raw' })).toBeVisible()
  await picker.getByLabel('Filter').fill('top')
  await expect(picker.getByRole('option')).toHaveCount(1)
  await picker.getByRole('option').dblclick()
  await expect(win.getByRole('heading', { level: 1, name: 'top.raw' })).toBeVisible()
})

test('a place for a new disk is chosen in the picker', async ({ win, strata }) => {
  await win.getByRole('button', { name: 'New disk', exact: true }).click()
  const sheet = win.getByRole('dialog', { name: 'New disk' })
  await expect(sheet.getByLabel('Folder')).toHaveValue(strata.folder)
  await sheet.getByRole('button', { name: 'Choose…' }).click()
  const picker = win.getByRole('dialog', { name: 'Save as' })
  await picker.getByRole('option', { name: 'deep' }).dblclick()
  await expect(picker.getByRole('option', { name: 'deeper' })).toBeVisible()
  await picker.getByLabel('File name').fill('chosen.qcow2')
  await picker.getByRole('button', { name: 'Save here' }).click()
  await expect(sheet.getByLabel('Folder')).toHaveValue(join(strata.folder, 'deep'))
  await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue('chosen.qcow2')
})

test('a dropped file that the server can’t see is asked for in words', async ({ win, strata }) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'strata-elsewhere-'))
  await dropFile(win, strata, smallRaw(elsewhere, 'far.raw'), 'look')
  const picker = win.getByRole('dialog', { name: 'Open a disk image' })
  await expect(picker.getByText('far.raw was not found in the folders that Strata may read')).toBeVisible()
  await picker.getByRole('option', { name: 'top.raw' }).click()
  await picker.getByRole('button', { name: 'Open', exact: true }).click()
  await expect(win.getByRole('heading', { level: 1, name: 'top.raw' })).toBeVisible()
  rmSync(elsewhere, { recursive: true })
})

test('the token leaves the address bar, and a reload keeps the window', async ({ win }) => {
  expect(new URL(win.url()).hash).toBe('')
  await win.reload()
  await expect(win.getByRole('heading', { name: 'Drop a disk image here' })).toBeVisible()
})

test('a page without its token says what is missing', async ({ win, browser }) => {
  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(win.url())
  await expect(stranger.getByRole('heading', { name: 'This page needs the link that strata serve prints.' })).toBeVisible()
  await stranger.context().close()
})

test('a dropped connection is told, and comes back by itself', async ({ strata, page, seed }) => {
  let cut: (() => Promise<void>) | undefined
  await page.routeWebSocket('**/socket', (socket) => {
    const server = socket.connectToServer()
    cut = async () => {
      await server.close()
      await socket.close()
    }
  })
  seed.fill(strata.folder)
  const win = await strata.show(page)
  await dropFile(win, strata, join(strata.folder, 'top.raw'), 'look')
  await expect(row(win, 'top.raw')).toBeVisible()
  const banner = win.getByText('Strata does not answer. Trying again…')
  const told = expect(banner).toBeVisible()
  await cut?.()
  await told
  await expect(banner).toBeHidden()
  await win.getByRole('button', { name: 'More actions' }).click()
  await win.getByRole('menuitem', { name: 'Remove from library' }).click()
  await expect(row(win, 'top.raw')).toBeHidden()
})

test('a server that has ended is told', async ({ win, strata }) => {
  await strata.stop()
  await expect(win.getByText('Strata does not answer. Trying again…')).toBeVisible()
})
