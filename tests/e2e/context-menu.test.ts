import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { smallRaw } from './images.ts'

test.use({ seed: { fill: (folder: string) => void ['a.raw', 'b.raw'].map((name) => smallRaw(folder, name)) } })

async function assertAccessible(win: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page: win }).include('[role=menu], [role=dialog]').analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
}

test('a right click and the menu key offer what can be done with a disk', async ({ win, strata }) => {
  await lookInside(win, strata, 'b.raw')
  await lookInside(win, strata, 'a.raw')
  const menu = win.getByRole('menu', { name: 'What can be done with it' })

  await row(win, 'b.raw').click({ button: 'right' })
  await expect(menu).toBeVisible()
  await assertAccessible(win)
  await win.screenshot({ path: test.info().outputPath('menu.png'), animations: 'disabled' })
  await menu.getByRole('menuitem', { name: 'Resize…' }).click()
  await expect(win.getByRole('dialog')).toHaveAccessibleName(/b\.raw/)
  await win.keyboard.press('Escape')
  await expect(win.getByRole('dialog')).toBeHidden()

  // The keyboard alone, on the row of the library's table that has it.
  await win.getByRole('button', { name: 'Strata: all disks' }).click()
  await win
    .getByRole('rowheader', { name: /^b\.raw/ })
    .getByRole('button')
    .focus()
  await win.keyboard.press('Shift+F10')
  await expect(menu).toBeVisible()
  await menu.getByRole('menuitem', { name: 'Open' }).press('Enter')
  await expect(menu).toBeHidden()
  await expect(win.getByRole('heading', { level: 1, name: 'b.raw' })).toBeVisible()

  await row(win, 'a.raw').click({ button: 'right' })
  await win.keyboard.press('Escape')
  await expect(menu).toBeHidden()
  await row(win, 'a.raw').click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Remove from library' }).click()
  await expect(row(win, 'a.raw')).toBeHidden()
  await win.keyboard.press('Control+z')
  await expect(row(win, 'a.raw')).toBeVisible()
})

test('the program says what it is made of', async ({ win }) => {
  await win.keyboard.press('Control+k')
  await win.keyboard.type('about')
  await win.keyboard.press('Enter')
  const about = win.getByRole('dialog', { name: 'About Strata' })
  await expect(about.getByText(/^Version \d+\.\d+\.\d+$/)).toBeVisible()
  await about.getByText(/^svelte 5/).click()
  await expect(about.getByRole('region', { name: 'Licence of svelte', exact: true })).toContainText('free of charge')
  await assertAccessible(win)
  await win.screenshot({ path: test.info().outputPath('about.png'), animations: 'disabled' })
})
