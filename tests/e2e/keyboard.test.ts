import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { lookInside, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, NO_QEMU, qemuImg, qemuInfo, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({ seed: { fill: (folder: string) => void smallRaw(folder, 'small.raw') } })

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
