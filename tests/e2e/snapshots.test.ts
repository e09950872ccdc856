import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { lookInside, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, qemuImg, qemuInfo, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

function write(path: string, pattern: number, from: string, length: string): void {
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${pattern} ${from} ${length}`, path])
}

/** Fails where a range of the disk does not hold this byte throughout. */
function expectPattern(path: string, pattern: number, from: string, length: string): void {
  expect(execFileSync('qemu-io', ['-f', 'qcow2', '-c', `read -q -P ${pattern} ${from} ${length}`, path], { encoding: 'utf8' })).toBe('')
}

function names(path: string): string[] {
  return ((qemuInfo(path)['snapshots'] ?? []) as { name: string }[]).map(({ name }) => name)
}

/** A disk that held sevens when its snapshot was taken, and holds eights and two megabytes more now. */
function seed(folder: string): void {
  const path = emptyQcow2(folder, 'mail.qcow2')
  write(path, 7, '0', '1M')
  qemuImg('snapshot', '-c', 'before', path)
  write(path, 8, '0', '3M')
  smallRaw(folder, 'card.raw')
}

test.use({ seed: { fill: seed } })

async function toSnapshots(win: Page): Promise<Locator> {
  await win.getByRole('tab', { name: /^Snapshots/ }).click()
  return win.getByRole('list', { name: 'Snapshots, oldest first' })
}

async function choose(win: Page, snapshot: string, action: string): Promise<void> {
  await win.getByRole('button', { name: `More for ${snapshot}` }).click()
  await win.getByRole('menuitem', { name: action }).click()
}

test('a snapshot is taken, renamed and deleted, and each state says what it holds', async ({ win, strata }) => {
  const path = join(strata.folder, 'mail.qcow2')
  await lookInside(win, strata, 'mail.qcow2')
  const list = await toSnapshots(win)
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await expect(list.getByRole('img', { name: /^Holds 1\.\d MiB alone and shares/ })).toBeVisible()

  await win.keyboard.press('Control+s')
  const sheet = win.getByRole('dialog', { name: 'Take a snapshot of mail.qcow2' })
  await expect(sheet.getByLabel('Name', { exact: true })).toBeFocused()
  await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
  await sheet.getByLabel('Name', { exact: true }).fill('before')
  await expect(sheet.getByText('Another snapshot is known by that name.')).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Take snapshot' })).toBeDisabled()
  await sheet.getByLabel('Name', { exact: true }).fill("it's new")
  await expect(sheet.getByText(`strata snapshot -c 'it'\\''s new' ${path}`)).toBeVisible()
  await win.keyboard.press('Enter')
  await expect(list.getByRole('heading', { name: "it's new" })).toBeVisible()
  expect(names(path)).toEqual(['before', "it's new"])

  await win.getByRole('button', { name: "Go back to it's new…" }).focus()
  await win.keyboard.press('F2')
  await expect(win.getByRole('dialog', { name: "Rename it's new" })).toBeVisible()
  await win.keyboard.type('after')
  await win.keyboard.press('Enter')
  await expect(list.getByRole('heading', { name: 'after' })).toBeVisible()
  expect(names(path)).toEqual(['before', 'after'])

  await list.getByRole('heading', { name: 'before' }).click({ button: 'right' })
  await expect(win.getByRole('menuitem', { name: 'Go back…' })).toBeVisible()
  await win.getByRole('menuitem', { name: 'Delete…' }).click()
  await win
    .getByRole('dialog', { name: 'Delete before' })
    .getByRole('button', { name: /^Delete, 1\.\d MiB come back$/ })
    .click()
  await expect(list.getByRole('listitem')).toHaveCount(2)
  expect(names(path)).toEqual(['after'])
  expect(qemuImg('check', path)).toContain('No errors were found')
  expectPattern(path, 8, '0', '3M')
})

test('a snapshot is held against now and against another one, by keyboard alone', async ({ win, strata }) => {
  qemuImg('snapshot', '-c', 'same', join(strata.folder, 'mail.qcow2'))
  await lookInside(win, strata, 'mail.qcow2')
  await toSnapshots(win)
  await win.getByRole('button', { name: 'More for before' }).focus()
  await win.keyboard.press('ArrowRight')
  await expect(win.getByRole('button', { name: 'Go back to same…' })).toBeFocused()
  await win.keyboard.press('ArrowRight')
  await expect(win.getByRole('button', { name: 'Go back to same…' })).toBeFocused()
  await win.keyboard.press('Home')
  await expect(win.getByRole('button', { name: 'Go back to before…' })).toBeFocused()
  await win.getByRole('button', { name: 'More for before' }).focus()
  await win.keyboard.press('Enter')
  await expect(win.getByRole('menuitem', { name: 'Rename…' })).toBeFocused()
  await win.keyboard.press('ArrowDown')
  await expect(win.getByRole('menuitem', { name: 'Compare…' })).toBeFocused()
  await win.keyboard.press('Enter')
  const sheet = win.getByRole('dialog', { name: 'Compare before' })
  await expect(sheet.getByText('3 MiB differ, in 1 place.')).toBeVisible()
  await expect(sheet.getByRole('img', { name: '3 MiB differ, in 1 place.' })).toBeVisible()
  await win.keyboard.press('Escape')
  await expect(sheet).toBeHidden()

  await choose(win, 'same', 'Compare…')
  await expect(win.getByText('Both read the same.')).toBeVisible()
  await win.getByLabel('With', { exact: true }).click()
  await win.getByRole('option', { name: 'before' }).click()
  await expect(win.getByRole('dialog').getByText('3 MiB differ, in 1 place.')).toBeVisible()
  await expect(win.getByRole('dialog').locator('rect')).toHaveCount(12)
})

test('going back keeps what was there, if it is wanted', async ({ win, strata }) => {
  const path = join(strata.folder, 'mail.qcow2')
  await lookInside(win, strata, 'mail.qcow2')
  const list = await toSnapshots(win)
  await win.getByRole('button', { name: 'Go back to before…' }).click()
  const sheet = win.getByRole('dialog', { name: 'Go back to before' })
  await expect(sheet.getByText('No image in its folder stands on this disk.')).toBeVisible()
  await expect(sheet.getByLabel('Take a snapshot of now first')).toBeChecked()
  await sheet.getByLabel('Take a snapshot of now first').click()
  await expect(sheet.getByText(/^Lost for good: .* at most 3\.\d MiB\.$/)).toBeVisible()
  await sheet.getByLabel('Take a snapshot of now first').click()
  await sheet.getByRole('button', { name: 'Keep now and go back' }).click()
  await expect(list.getByRole('heading', { name: 'Before going back to before' })).toBeVisible()
  await expect(tray(win).getByText('Went back to a snapshot of mail.qcow2')).toBeVisible()
  expectPattern(path, 7, '0', '1M')
  expectPattern(path, 0, '1M', '2M')

  await win.getByRole('button', { name: 'Go back to Before going back to before…' }).click()
  await win.getByLabel('Take a snapshot of now first').click()
  await expect(win.getByText('No data is lost: a snapshot holds everything that the disk holds now.')).toBeVisible()
  await win.getByRole('button', { name: 'Go back', exact: true }).click()
  await expect
    .poll(() => execFileSync('qemu-io', ['-r', '-U', '-f', 'qcow2', '-c', 'read -v 0 1', path], { encoding: 'utf8' }))
    .toMatch(/ 08 /)
  expect(names(path)).toEqual(['before', 'Before going back to before'])
  expect(qemuImg('check', path)).toContain('No errors were found')
})

test('images that stand on the disk are named before it goes back', async ({ win, strata }) => {
  overlay(strata.folder, 'web.qcow2', 'mail.qcow2')
  await lookInside(win, strata, 'mail.qcow2')
  await toSnapshots(win)
  await win.getByRole('button', { name: 'Go back to before…' }).click()
  const sheet = win.getByRole('dialog', { name: 'Go back to before' })
  await expect(sheet.getByText('web.qcow2')).toBeVisible()
  await expect(sheet.getByText(/ --force /)).toBeVisible()
  const go = sheet.getByRole('button', { name: 'Keep now and go back' })
  await expect(go).toBeDisabled()
  await sheet.getByLabel('Go back all the same').click()
  await expect(go).toBeEnabled()
  await win.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  expect(names(join(strata.folder, 'mail.qcow2'))).toEqual(['before'])
})

test('a snapshot becomes an image of its own, and a raw image says what to do instead', async ({ win, strata }) => {
  const target = join(strata.folder, 'mail-before.qcow2')
  await lookInside(win, strata, 'mail.qcow2')
  await toSnapshots(win)
  await choose(win, 'before', 'Export as a new image…')
  const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await expect(sheet.getByText('As it was in snapshot before')).toBeVisible()
  await expect(sheet.getByLabel('Save as')).toHaveValue(target)
  await expect(sheet.getByText(/-l snapshot\.id=1 /)).toBeVisible()
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await expect(tray(win).getByText('Converted mail.qcow2 → mail-before.qcow2')).toBeVisible()
  expect(existsSync(target)).toBe(true)
  expectPattern(target, 7, '0', '1M')
  expectPattern(target, 0, '1M', '2M')

  await lookInside(win, strata, 'card.raw')
  await toSnapshots(win)
  await expect(win.getByText('A raw image can hold no snapshots', { exact: false })).toBeVisible()
  await win.keyboard.press('Control+s')
  await expect(win.getByRole('dialog')).toBeHidden()
  await win.getByRole('tabpanel').getByRole('button', { name: 'New overlay' }).click()
  await expect(win.getByRole('dialog', { name: 'New overlay' })).toBeVisible()
})
