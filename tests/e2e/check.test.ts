import { join } from 'node:path'
import { dropFile, lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { cutQcow2, damagedQcow2, emptyQcow2, hasQemu, leakyQcow2, NO_QEMU, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      emptyQcow2(folder, 'sound.qcow2')
      leakyQcow2(folder, 'leaky.qcow2')
      damagedQcow2(folder, 'damaged.qcow2')
      cutQcow2(folder, 'cut.qcow2')
      smallRaw(folder, 'plain.raw')
    },
  },
})

test('a sound disk is said to be fine', async ({ win, strata }) => {
  await lookInside(win, strata, 'sound.qcow2')
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await expect(win.getByRole('heading', { name: 'This disk is fine.' })).toBeVisible()
  await expect(row(win, 'sound.qcow2')).toContainText('Fine')
})

test('lost clusters are told in plain words, with their places', async ({ win, strata }) => {
  await lookInside(win, strata, 'leaky.qcow2')
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await expect(win.getByText('3 clusters are marked used but nothing uses them (192 KiB). Nothing is lost.')).toBeVisible()
  await expect(win.getByText('0x80000')).toBeVisible()
  await expect(row(win, 'leaky.qcow2')).toContainText('Some space is lost')
})

test('damage is shown at its place on the map, and its end is said once', async ({ win, strata }) => {
  await lookInside(win, strata, 'damaged.qcow2')
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  const place = win.getByRole('button', { name: 'Show on map: guest offset 0x10000' }).first()
  await expect(place).toBeVisible()
  const said = win.locator('[aria-live=polite], [role=status]').filter({ hasText: 'This disk is damaged.' })
  await expect(said).toHaveText('Checked damaged.qcow2: This disk is damaged.')
  await place.press('Enter')
  await expect(win.getByRole('tab', { name: 'Map' })).toHaveAttribute('aria-selected', 'true')
  await expect(win.getByRole('slider', { name: /^Map of the disk/ })).toHaveAttribute('aria-valuetext', '64 KiB to 128 KiB: Data')
  // The very cluster of the file that is counted as free.
  await expect(win.getByText('damaged.qcow2, 0x60000')).toBeVisible()
})

test('a raw disk has nothing to check', async ({ win, strata }) => {
  await lookInside(win, strata, 'plain.raw')
  await expect(win.getByRole('button', { name: 'Check', exact: true })).toBeDisabled()
  await win.getByRole('tab', { name: 'Health' }).click()
  await expect(win.getByRole('heading', { name: 'There is nothing to check.' })).toBeVisible()
})

test('a broken image gets an error with its place, and details to copy', async ({ win, strata }) => {
  await dropFile(win, strata, join(strata.folder, 'cut.qcow2'), 'look')
  const note = win.getByRole('main').getByRole('alert')
  await expect(note).toBeVisible()
  await expect(note.getByText(join(strata.folder, 'cut.qcow2')).first()).toBeVisible()
  await note.getByRole('button', { name: 'Details' }).click()
  await expect(note.getByText('CORRUPT', { exact: true })).toBeVisible()
  await expect(row(win, 'cut.qcow2')).toContainText('Cannot be read')
  await expect(note.getByRole('button', { name: 'Try again' })).toBeVisible()
})
