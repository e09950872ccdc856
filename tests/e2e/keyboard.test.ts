import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { lookInside, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, qemuImg, qemuInfo, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      smallRaw(folder, 'small.raw')
      qemuIo(emptyQcow2(folder, 'mail.qcow2'), 'write -q -P 7 0 1M')
    },
  },
})

/** Lets QEMU write to or read from an image; a read of another pattern than expected says so. */
function qemuIo(path: string, command: string): string {
  return execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, path], { encoding: 'utf8' })
}

function snapshotNames(path: string): string[] {
  return ((qemuInfo(path)['snapshots'] ?? []) as { name: string }[]).map(({ name }) => name)
}

/** Presses Tab until the element with this name has the keyboard; fails when the whole page was walked in vain. */
async function tabTo(win: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 60; step++) {
    await win.keyboard.press('Tab')
    const focus = await win.evaluate(() => {
      const element = document.activeElement
      if (!(element instanceof HTMLElement)) return ''
      const labels = element instanceof HTMLInputElement || element instanceof HTMLButtonElement ? [...(element.labels ?? [])] : []
      return element.getAttribute('aria-label') ?? (labels[0] ?? element).textContent
    })
    if (name.test(focus.trim())) return
  }
  throw new Error(`Tab never came to ${name}`)
}

test('a disk is made without a mouse', async ({ win, strata }) => {
  await win.keyboard.press('Control+n')
  await expect(win.getByRole('dialog', { name: 'New disk' })).toBeVisible()
  if (strata.kind === 'serve') {
    await tabTo(win, /^Name$/)
    await win.keyboard.press('Control+a')
    await win.keyboard.type('keys.qcow2')
    await tabTo(win, /^Folder$/)
    await win.keyboard.press('Control+a')
    await win.keyboard.type(strata.folder)
  } else {
    await strata.answerSave(join(strata.folder, 'keys.qcow2'))
    await tabTo(win, /^Choose…$/)
    await win.keyboard.press('Enter')
  }
  await tabTo(win, /^Size$/)
  await win.keyboard.press('Control+a')
  await win.keyboard.type('3')
  await tabTo(win, /^Create$/)
  await win.keyboard.press('Enter')
  await expect(win.getByRole('heading', { level: 1, name: 'keys.qcow2' })).toBeVisible()
  expect(qemuInfo(join(strata.folder, 'keys.qcow2'))).toMatchObject({ 'virtual-size': 3 * 1024 ** 3 })
})

test('a disk is converted without a mouse', async ({ win, strata }) => {
  await lookInside(win, strata, 'small.raw')
  await tabTo(win, /^Convert…$/)
  await win.keyboard.press('Enter')
  await expect(win.getByRole('dialog', { name: 'Convert a disk' })).toBeVisible()
  await tabTo(win, /^Compress$/)
  await win.keyboard.press('Space')
  await tabTo(win, /^Convert$/)
  await win.keyboard.press('Enter')
  await expect(tray(win).getByText('Converted small.raw → small.qcow2')).toBeVisible()
  expect(qemuImg('compare', join(strata.folder, 'small.raw'), join(strata.folder, 'small.qcow2'))).toContain('Images are identical')
  await tabTo(win, /^Show all jobs$/)
  await win.keyboard.press('Enter')
  await expect(win.getByRole('heading', { name: 'Jobs' })).toBeVisible()
  await win.keyboard.press('Escape')
  await expect(win.getByRole('heading', { name: 'Jobs' })).toBeHidden()
})

test('snapshots are taken, renamed, gone back to and deleted without a mouse', async ({ win, strata }) => {
  const path = join(strata.folder, 'mail.qcow2')
  const sheet = win.getByRole('dialog')
  const card = (name: string): Locator => win.getByRole('listitem').filter({ has: win.getByRole('heading', { name, exact: true }) })
  await lookInside(win, strata, 'mail.qcow2')
  await win.keyboard.press('Control+s')
  await expect(sheet).toHaveAccessibleName('Take a snapshot of mail.qcow2')
  await win.keyboard.press('Control+a')
  await win.keyboard.type('sevens')
  await win.keyboard.press('Enter')
  await expect(sheet).toBeHidden()
  await expect.poll(() => snapshotNames(path)).toEqual(['sevens'])
  qemuIo(path, 'write -q -P 8 0 1M')

  await tabTo(win, /^Overview$/)
  await win.keyboard.press('ArrowRight')
  await win.keyboard.press('ArrowRight')
  await expect(win.getByRole('tab', { name: 'Snapshots (1)' })).toBeFocused()
  await tabTo(win, /^Go back to sevens…$/)
  await win.keyboard.press('F2')
  await expect(sheet).toHaveAccessibleName('Rename sevens')
  await win.keyboard.press('Control+a')
  await win.keyboard.type('lucky')
  await win.keyboard.press('Enter')
  await expect(card('lucky')).toBeVisible()
  expect(snapshotNames(path)).toEqual(['lucky'])

  await tabTo(win, /^Go back to lucky…$/)
  await win.keyboard.press('Enter')
  await expect(sheet).toHaveAccessibleName('Go back to lucky')
  await tabTo(win, /^Keep now and go back$/)
  await win.keyboard.press('Enter')
  await expect(card('Before going back to lucky')).toBeVisible()
  await expect(tray(win).getByText('Went back to a snapshot of mail.qcow2')).toBeVisible()
  expect(qemuIo(path, 'read -q -P 7 0 1M')).toBe('')

  await tabTo(win, /^Go back to Before going back to lucky…$/)
  await win.keyboard.press('Delete')
  await expect(sheet).toHaveAccessibleName('Delete Before going back to lucky')
  await tabTo(win, /^Delete,/)
  await win.keyboard.press('Enter')
  await expect(card('Before going back to lucky')).toBeHidden()
  expect(snapshotNames(path)).toEqual(['lucky'])
  expect(qemuImg('check', path)).toContain('No errors were found')
})

test('the library is walked with the arrows', async ({ win, strata }) => {
  await lookInside(win, strata, 'small.raw')
  await win.keyboard.press('Control+n')
  await win.keyboard.press('Escape')
  await expect(win.getByRole('dialog')).toBeHidden()
  await win.getByRole('button', { name: 'Strata: all disks' }).focus()
  await win.keyboard.press('Enter')
  await expect(win.getByRole('heading', { level: 1, name: 'Your disks' })).toBeVisible()
  await win.keyboard.press('Control+f')
  await win.keyboard.press('ArrowDown')
  await expect(win.getByRole('treeitem').first()).toBeFocused()
  await win.keyboard.press('Enter')
  await expect(win.getByRole('heading', { level: 1, name: 'small.raw' })).toBeVisible()
})
