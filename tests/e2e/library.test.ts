import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { choose, lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      emptyQcow2(folder, 'base.qcow2')
      overlay(folder, 'web.qcow2', 'base.qcow2')
      smallRaw(folder, 'memtest.raw')
    },
  },
})

test('the empty library says what to do', async ({ win }) => {
  await expect(win.getByRole('heading', { name: 'Drop a disk image here' })).toBeVisible()
  await expect(win.getByRole('main').getByRole('button', { name: 'Open an image…' })).toBeVisible()
})

test('what was opened is there after a restart', async ({ win, strata, page }) => {
  await lookInside(win, strata, 'web.qcow2')
  await lookInside(win, strata, 'memtest.raw')
  await strata.stop()
  const again = await strata.show(page)
  await expect(row(again, 'web.qcow2')).toBeVisible()
  await expect(row(again, 'memtest.raw')).toBeVisible()
  await row(again, 'web.qcow2').click()
  await expect(again.getByText('qcow2 overlay of base.qcow2')).toBeVisible()

  await strata.stop()
  strata.damageLibrary()
  const anew = await strata.show(page)
  await expect(anew.getByText(/^The list of your disks was damaged\. It is kept as .*library\.damaged-/)).toBeVisible()
  await expect(anew.getByRole('heading', { name: 'Drop a disk image here' })).toBeVisible()
  await lookInside(anew, strata, 'web.qcow2')
})

test('an overlay hangs under its base, and the search finds it', async ({ win, strata }) => {
  await lookInside(win, strata, 'web.qcow2')
  await lookInside(win, strata, 'memtest.raw')
  await expect(row(win, 'base.qcow2')).toHaveAttribute('aria-expanded', 'true')
  await expect(row(win, 'web.qcow2')).toHaveAttribute('aria-level', '2')
  await win.keyboard.press('Control+f')
  await win.keyboard.type('web')
  await expect(row(win, 'memtest.raw')).toBeHidden()
  await expect(row(win, 'web.qcow2')).toBeVisible()
  await win.keyboard.type('xyz')
  await expect(win.getByText('No disk matches “webxyz”.').first()).toBeVisible()
  await win.keyboard.press('Escape')
  await expect(row(win, 'memtest.raw')).toBeVisible()
})

test('a disk leaves the library, and its file stays', async ({ win, strata }) => {
  await lookInside(win, strata, 'memtest.raw')
  await win.getByRole('button', { name: 'More actions' }).click()
  await win.getByRole('menuitem', { name: 'Remove from library' }).click()
  await expect(row(win, 'memtest.raw')).toBeHidden()
  await lookInside(win, strata, 'memtest.raw')
})

test('a missing base is shown as missing, with what to do', async ({ win, strata, page }) => {
  await lookInside(win, strata, 'web.qcow2')
  await strata.stop()
  rmSync(join(strata.folder, 'base.qcow2'))
  const again = await strata.show(page)
  await row(again, 'web.qcow2').click()
  await expect(again.getByText('A layer below can’t be opened')).toBeVisible()
  await expect(again.getByRole('group', { name: 'Layers' }).getByRole('link', { name: /^base\.qcow2, not found/ })).toBeVisible()
  await expect(again.getByRole('button', { name: 'Read again' })).toBeVisible()
})

test('the table is sorted by a column and filtered', async ({ win, strata }) => {
  for (const name of ['web.qcow2', 'memtest.raw']) await lookInside(win, strata, name)
  await win.getByRole('button', { name: 'All disks', exact: true }).click()
  const names = win.getByRole('main').getByRole('rowheader').getByRole('button')
  await expect(names).toHaveText(['base.qcow2', 'web.qcow2', 'memtest.raw'])
  const byDisk = win.getByRole('columnheader', { name: 'On disk' })
  await byDisk.getByRole('button').click()
  await byDisk.getByRole('button').click()
  await expect(byDisk).toHaveAttribute('aria-sort', 'descending')
  await expect(names).toHaveText(['memtest.raw', 'base.qcow2', 'web.qcow2'])
  await win.screenshot({ path: test.info().outputPath('table.png') })
  await choose(win, 'Format', 'raw')
  await expect(names).toHaveText(['memtest.raw'])
  await choose(win, 'Chain', 'On another disk')
  await expect(win.getByText('No disk fits these filters.')).toBeVisible()
  await win.reload()
  await expect(win.getByLabel('Format', { exact: true })).toHaveText('raw')
  await expect(win.getByText('No disk fits these filters.')).toBeVisible()
  await win.getByRole('button', { name: 'Show all disks' }).click()
  await expect(names).toHaveCount(3)
})
