import { AxeBuilder } from '@axe-core/playwright'
import { lookInside } from './hands.ts'
import { expect, test } from './host.ts'
import { smallRaw } from './images.ts'

test.use({ seed: { fill: (folder: string) => void smallRaw(folder, 'memtest.raw') } })

test('disks and actions are found by name, with the keyboard alone', async ({ win, strata }) => {
  await lookInside(win, strata, 'memtest.raw')
  await win.getByRole('button', { name: 'Strata: all disks' }).click()
  const palette = win.getByRole('dialog', { name: 'Find a disk or an action' })
  const field = palette.getByRole('combobox')

  // A disk, by a few of its letters.
  await win.keyboard.press('Control+k')
  await expect(field).toBeFocused()
  const { violations } = await new AxeBuilder({ page: win }).include('[role=dialog]').analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
  await win.screenshot({ path: test.info().outputPath('palette.png'), animations: 'disabled' })
  await win.keyboard.type('mtst')
  await expect(palette.getByRole('option').first()).toContainText('memtest.raw')
  await win.keyboard.press('Enter')
  await expect(palette).toBeHidden()
  await expect(win.getByRole('heading', { level: 1, name: 'memtest.raw' })).toBeVisible()

  // What fits the disk that is shown; the sheet that it opens has the keyboard.
  await win.keyboard.press('Control+k')
  await win.keyboard.type('resize')
  await win.keyboard.press('Enter')
  const sheet = win.getByRole('dialog')
  await expect(sheet).toHaveAccessibleName(/memtest\.raw/)
  await expect.poll(() => sheet.evaluate((element) => element.contains(document.activeElement))).toBe(true)
  await win.keyboard.press('Escape')
  await expect(sheet).toBeHidden()

  // A raw disk holds no snapshot and has nothing to check: neither is offered.
  await win.keyboard.press('Control+k')
  await expect(palette.getByRole('option', { name: 'Copy the path (memtest.raw)' })).toBeVisible()
  await expect(palette.getByRole('option', { name: /snapshot|^Check/ })).toHaveCount(0)
  await win.keyboard.type('xyzzy')
  await expect(palette.getByText('Nothing is called “xyzzy”.')).toBeVisible()
  await win.keyboard.press('Escape')
  await expect(palette).toBeHidden()

  // The list of shortcuts, except while a question mark is being typed.
  await win.keyboard.press('Control+f')
  await win.keyboard.type('?')
  await expect(win.getByRole('dialog')).toBeHidden()
  await win.keyboard.press('Escape')
  await win.keyboard.press('?')
  const shortcuts = win.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(shortcuts.getByRole('row', { name: 'New disk Ctrl N' })).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('shortcuts.png'), animations: 'disabled' })
})
