import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { lookInside, row, tray } from './hands.ts'
import { expect, test, type StrataHost } from './host.ts'
import { damagedQcow2, emptyQcow2, hasQemu, leakyQcow2, markedQcow2, NO_QEMU, overlay, qemuImg, qemuInfo } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      leakyQcow2(folder, 'leaky.qcow2')
      damagedQcow2(folder, 'damaged.qcow2')
      overlay(folder, 'above.qcow2', 'damaged.qcow2')
      markedQcow2(folder, 'marked.qcow2')
      const loose = emptyQcow2(folder, 'loose.qcow2')
      execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 0 4M', '-c', 'write -q -P 0 4M 12M', loose])
      const kept = emptyQcow2(folder, 'kept.qcow2')
      execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 0 0 4M', kept])
      qemuImg('snapshot', '-c', 'before', kept)
    },
  },
})

/** The exit code of `qemu-img check`: 0 sound, 2 damaged, 3 leaks. */
function verdict(strata: StrataHost, name: string): number | null {
  return spawnSync('qemu-img', ['check', '-f', 'qcow2', join(strata.folder, name)]).status
}

async function seePlan(win: Page, strata: StrataHost, name: string): Promise<void> {
  await lookInside(win, strata, name)
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await win.getByRole('button', { name: 'See what repair would do' }).click()
  await expect(win.getByRole('heading', { name: 'What repair would do' })).toBeVisible()
}

test('lost clusters are given back after a look at what that does', async ({ win, strata }) => {
  await seePlan(win, strata, 'leaky.qcow2')
  await expect(win.getByText('3 lost clusters go back to the image as free room (192 KiB).')).toBeVisible()
  await expect(win.getByText('Nothing. The image is sound afterwards.')).toBeVisible()
  // Looking has changed neither the file nor what is said of it.
  expect(verdict(strata, 'leaky.qcow2')).toBe(3)
  await expect(row(win, 'leaky.qcow2')).toContainText('Some space is lost')
  await win.getByRole('button', { name: 'Give back 192 KiB' }).click()
  await expect(win.getByText('Given back: 3 lost clusters (192 KiB).')).toBeVisible()
  await expect(win.getByRole('heading', { name: 'This disk is fine.' })).toBeVisible()
  await expect(row(win, 'leaky.qcow2')).toContainText('Fine')
  expect(verdict(strata, 'leaky.qcow2')).toBe(0)
})

test('a repair that touches content names who stands on the disk, and waits for a yes', async ({ win, strata }) => {
  await seePlan(win, strata, 'damaged.qcow2')
  await expect(win.getByText('contradiction between its tables is put right')).toBeVisible()
  await expect(win.getByRole('alert').getByText('above.qcow2')).toBeVisible()
  const repair = win.getByRole('button', { name: 'Repair', exact: true })
  await expect(repair).toBeDisabled()
  expect(verdict(strata, 'damaged.qcow2')).toBe(2)
  await win.getByLabel('Repair it all the same').click()
  await repair.click()
  await expect(win.getByRole('heading', { name: 'This disk is fine.' })).toBeVisible()
  await expect(win.getByText(/^Repaired: /)).toBeVisible()
  expect(verdict(strata, 'damaged.qcow2')).toBe(0)
})

test('a mark is explained, and a repair takes it off', async ({ win, strata }) => {
  await lookInside(win, strata, 'marked.qcow2')
  await win.getByRole('tab', { name: 'Health' }).click()
  await expect(win.getByText('This image is marked damaged.')).toBeVisible()
  await win.getByRole('button', { name: 'Check', exact: true }).click()
  await win.getByRole('button', { name: 'See what repair would do' }).click()
  await expect(win.getByText('The mark “damaged” is taken off')).toBeVisible()
  await win.getByRole('button', { name: 'Repair', exact: true }).click()
  await expect(win.getByText('This image is marked damaged.')).toBeHidden()
  expect(qemuInfo(join(strata.folder, 'marked.qcow2'))['format-specific']).toMatchObject({ data: { corrupt: false } })
})

test('a disk is compacted after a look at what each way wins', async ({ win, strata }) => {
  const path = join(strata.folder, 'loose.qcow2')
  const room = (): number => Number(qemuInfo(path)['actual-size'])
  const before = room()
  await lookInside(win, strata, 'loose.qcow2')
  await win.getByRole('button', { name: 'Compact…' }).click()
  const sheet = win.getByRole('dialog', { name: 'Compact loose.qcow2' })
  await expect(sheet.getByRole('radio', { name: /^In place/ })).toContainText('− 12 MiB')
  await sheet.getByRole('radio', { name: /^Rewrite and compress/ }).click()
  await expect(sheet.getByText('strata compact -p -f qcow2 --rewrite -c')).toBeVisible()
  expect(room()).toBe(before)
  await sheet.getByRole('radio', { name: /^In place/ }).click()
  // Whether or not the looks at the other ways have ended.
  await sheet.getByRole('button', { name: /^Give back about 12 MiB/ }).click()
  await expect(win.getByText(/^Compacted: .* 12 MiB given back\.$/)).toBeVisible()
  await expect(tray(win)).toContainText('Compacted loose.qcow2')
  expect(before - room()).toBeGreaterThan(11 * 2 ** 20)
  expect(verdict(strata, 'loose.qcow2')).toBe(0)
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'read -q -P 7 0 4M', '-c', 'read -q -P 0 4M 60M', path])
})

test('a way that would lose snapshots is refused in words', async ({ win, strata }) => {
  await lookInside(win, strata, 'kept.qcow2')
  await win.getByRole('button', { name: 'Compact…' }).click()
  const rewrite = win.getByRole('radio', { name: /^Rewrite A new file would not hold the snapshots/ })
  await expect(rewrite).toContainText('not possible')
  await rewrite.click()
  await expect(win.getByRole('dialog').getByRole('button', { name: 'Compact', exact: true })).toBeDisabled()
})
