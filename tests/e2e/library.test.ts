import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { lookInside, row } from './hands.ts'
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
})

test('an overlay hangs under its base, and the search finds it', async ({ win, strata }) => {
  await lookInside(win, strata, 'web.qcow2')
  await lookInside(win, strata, 'memtest.raw')
  await expect(row(win, 'base.qcow2')).toHaveAttribute('aria-expanded', 'true')
  await expect(row(win, 'web.qcow2')).toHaveAttribute('aria-level', '2')
  await win.keyboard.press('Control+k')
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
