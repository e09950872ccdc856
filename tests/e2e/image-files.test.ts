import { execFileSync } from 'node:child_process'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, qemuImg, qemuInfo } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      emptyQcow2(folder, 'base.qcow2')
      overlay(folder, 'web.qcow2', 'base.qcow2')
      overlay(folder, 'test.qcow2', 'base.qcow2')
    },
  },
})

test('a base gets another name, a lost disk is found again, a disk goes away', async ({ win, strata }) => {
  const more = async (item: string | RegExp): Promise<void> => {
    await win.getByRole('button', { name: 'More actions' }).click()
    await win.getByRole('menuitem', { name: item }).click()
  }
  const pointAtMoved = async (): Promise<void> => {
    await strata.answerOpen(join(strata.folder, 'moved.qcow2'))
    await win.getByRole('button', { name: 'Point at the new place…' }).click()
    if (strata.kind === 'serve') {
      const picker = win.getByRole('dialog', { name: 'Where is test.qcow2 now?' })
      await picker.getByText('moved.qcow2').click()
      await picker.getByRole('button', { name: 'Open' }).click()
    }
    await expect(win.getByRole('heading', { level: 1, name: 'moved.qcow2' })).toBeVisible()
  }
  for (const name of ['web.qcow2', 'test.qcow2', 'base.qcow2']) await lookInside(win, strata, name)

  await more('Rename or move…')
  const rename = win.getByRole('dialog', { name: 'Rename base.qcow2' })
  await expect(rename.getByText('2 overlays stand on this disk')).toBeVisible()
  await rename.getByLabel('New name', { exact: true }).fill('web.qcow2')
  await rename.getByRole('button', { name: 'Rename, and repair 2 overlays' }).click()
  await expect(rename.getByText('A file of this name is there already')).toBeVisible()
  await rename.getByLabel('New name', { exact: true }).fill('debian.qcow2')
  await expect(rename.getByText(/^mv -n .*strata rebase -u -b debian\.qcow2 -F qcow2/)).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('rename.png') })
  await rename.getByRole('button', { name: 'Rename, and repair 2 overlays' }).click()
  await expect(rename).toBeHidden()
  await expect(win.getByRole('heading', { level: 1, name: 'debian.qcow2' })).toBeVisible()
  for (const name of ['web.qcow2', 'test.qcow2'])
    expect(qemuInfo(join(strata.folder, name))).toMatchObject({
      'backing-filename': 'debian.qcow2',
      'backing-filename-format': 'qcow2',
      'full-backing-filename': join(strata.folder, 'debian.qcow2'),
    })
  expect(existsSync(join(strata.folder, 'base.qcow2'))).toBe(false)

  // Taken back by the toast, and done again.
  const toast = win.getByRole('status').filter({ hasText: 'base.qcow2 is now debian.qcow2' })
  await toast.getByRole('button', { name: 'Undo' }).click()
  await expect(win.getByRole('heading', { level: 1, name: 'base.qcow2' })).toBeVisible()
  expect(qemuInfo(join(strata.folder, 'web.qcow2'))).toMatchObject({ 'full-backing-filename': join(strata.folder, 'base.qcow2') })
  await expect(toast).toHaveCount(0)
  await more('Rename or move…')
  await rename.getByLabel('New name', { exact: true }).fill('debian.qcow2')
  await rename.getByRole('button', { name: 'Rename, and repair 2 overlays' }).click()
  await expect(win.getByRole('heading', { level: 1, name: 'debian.qcow2' })).toBeVisible()

  renameSync(join(strata.folder, 'test.qcow2'), join(strata.folder, 'moved.qcow2'))
  await row(win, 'test.qcow2').click()
  await expect(win.getByText('test.qcow2 is not where it was')).toBeVisible()
  await pointAtMoved()
  await expect(row(win, 'test.qcow2')).toHaveCount(0)
  await win.keyboard.press('Control+z')
  await expect(win.getByText('test.qcow2 is not where it was')).toBeVisible()
  await pointAtMoved()

  await row(win, 'debian.qcow2').click()
  await expect(win.getByRole('heading', { level: 1, name: 'debian.qcow2' })).toBeVisible()
  await more(/Move to the bin…|Delete…/)
  const away = win.getByRole('dialog')
  await expect(away.getByText('2 images will not open any more without this disk:')).toBeVisible()
  await expect(away.getByText('moved.qcow2')).toBeVisible()
  const go = away.getByRole('button', { name: /^(Move to the bin|Delete debian\.qcow2)$/ })
  await expect(go).toBeDisabled()
  await win.screenshot({ path: test.info().outputPath('away.png') })
  await away.getByLabel('Go on all the same').click()
  if (strata.kind === 'serve') await away.getByLabel('Type debian.qcow2 to agree').fill('debian.qcow2')
  await go.click()
  await expect(away).toBeHidden()
  await expect(win.getByRole('heading', { level: 1, name: 'Your disks' })).toBeVisible()
  expect(existsSync(join(strata.folder, 'debian.qcow2'))).toBe(false)
})

test('a disk is duplicated with all that is in it', async ({ win, strata }) => {
  const at = (name: string): string => join(strata.folder, name)
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 0 1M', at('web.qcow2')])
  qemuImg('snapshot', '-c', 'before', at('web.qcow2'))
  emptyQcow2(strata.folder, 'web copy.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('button', { name: 'More actions' }).click()
  await win.getByRole('menuitem', { name: 'Duplicate…' }).click()
  const sheet = win.getByRole('dialog', { name: 'Duplicate web.qcow2' })
  const name = sheet.getByLabel('Name of the copy')
  await expect(name).toHaveValue('web copy 2.qcow2')
  await expect(sheet.getByText('1 snapshot inside it comes along.')).toBeVisible()
  await expect(sheet.getByText(/^strata convert -p -f raw -O raw .*web\.qcow2 .*web copy 2\.qcow2'$/)).toBeVisible()
  await name.fill('web copy.qcow2')
  await expect(sheet.getByText(/^A file of this name is there already|^Strata was not given this place/)).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Duplicate' })).toBeDisabled()
  await name.fill('twin.qcow2')
  await win.screenshot({ path: test.info().outputPath('duplicate.png') })
  await sheet.getByRole('button', { name: 'Duplicate' }).click()
  await expect(sheet).toBeHidden()
  await row(win, 'twin.qcow2').click()
  await expect(win.getByRole('heading', { level: 1, name: 'twin.qcow2' })).toBeVisible()
  expect(qemuImg('compare', at('web.qcow2'), at('twin.qcow2'))).toContain('Images are identical.')
  expect(qemuInfo(at('twin.qcow2'))).toMatchObject({ 'backing-filename': 'base.qcow2', snapshots: [{ name: 'before' }] })
  qemuImg('check', at('twin.qcow2'))
})
