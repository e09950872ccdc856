import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { row } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      const vms = join(folder, 'vms')
      mkdirSync(vms)
      emptyQcow2(vms, 'base.qcow2')
      overlay(vms, 'web.qcow2', 'base.qcow2')
      smallRaw(vms, 'memtest.raw')
      smallRaw(vms, 'notes.txt')
      smallRaw(folder, 'alone.raw')
      const many = join(folder, 'many')
      mkdirSync(many)
      for (let at = 0; at < 300; at++) writeFileSync(join(many, `disk ${at}.raw`), new Uint8Array(512))
    },
  },
})

test('a folder is watched: its disks come, go and are grouped, and it is let go', async ({ win, strata }) => {
  const vms = join(strata.folder, 'vms')
  const watch = async (name: string): Promise<void> => {
    await strata.answerOpen(join(strata.folder, name))
    await win.getByRole('button', { name: 'Add a folder…' }).first().click()
    if (strata.kind !== 'serve') return
    const picker = win.getByRole('dialog', { name: 'Keep the disks of a folder in the list' })
    await picker.getByRole('option', { name }).click()
    await picker.getByRole('button', { name: 'Choose this folder' }).click()
  }
  await watch('vms')
  await expect(row(win, 'vms')).toHaveAttribute('aria-level', '1')
  await expect(row(win, 'web.qcow2')).toHaveAttribute('aria-level', '3')
  await expect(row(win, 'notes.txt')).toHaveCount(0)
  await expect(win.getByRole('main').getByRole('rowheader').filter({ hasText: '3 disks' })).toBeVisible()

  renameSync(join(strata.folder, 'alone.raw'), join(vms, 'alone.raw'))
  await expect(row(win, 'alone.raw')).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('folders.png') })

  await row(win, 'vms').focus()
  await win.keyboard.press('Enter')
  await expect(row(win, 'alone.raw')).toBeHidden()
  await win.keyboard.press('ArrowRight')
  await win.keyboard.press('ArrowDown')
  await expect(row(win, 'alone.raw')).toBeFocused()
  await win.keyboard.press('ArrowLeft')
  await row(win, 'vms').click({ button: 'right' })
  await expect(win.getByRole('menuitem', { name: 'Take vms out of the list' })).toBeVisible()
  await win.keyboard.press('Escape')
  await expect(row(win, 'vms')).toBeFocused()
  await win.keyboard.press('Delete')
  await expect(row(win, 'web.qcow2')).toBeHidden()
  await expect(win.getByRole('heading', { name: 'Drop a disk image here' })).toBeVisible()

  await win.keyboard.press('Control+z')
  await expect(row(win, 'web.qcow2')).toBeVisible()

  await watch('many')
  await expect(win.getByText('300 disks')).toBeVisible()
  await row(win, 'vms').focus()
  await win.keyboard.press('End')
  await expect(row(win, 'disk 299.raw')).toBeFocused()
  await expect(row(win, 'vms')).toHaveCount(0)
  expect(await win.getByRole('treeitem').count(), 'rows that are drawn').toBeLessThan(80)
  await win.getByRole('button', { name: 'All disks', exact: true }).click()
  expect(await win.getByRole('main').getByRole('row').count(), 'rows of the table').toBeLessThan(80)
  await win.keyboard.press('Control+f')
  await win.keyboard.type('disk 29')
  await expect(win.getByRole('main').getByRole('rowheader').getByText('disk 299.raw')).toBeVisible()
})
