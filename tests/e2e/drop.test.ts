import { join } from 'node:path'
import { dragFiles, hang } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, qemuInfo, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)
test.use({
  seed: {
    fill: (folder: string) => {
      emptyQcow2(folder, 'base.qcow2')
      smallRaw(folder, 'card.raw')
    },
  },
})

test('a dropped disk becomes the base of a new one, also over a sheet that is open; several can’t', async ({ win, strata }) => {
  const base = join(strata.folder, 'base.qcow2')
  const looking = win.getByText('Look inside', { exact: true })
  const overlay = win.getByText('New overlay on this', { exact: true })

  await hang(win, 'dragenter')
  await expect(overlay).toBeVisible()
  await hang(win, 'dragenter') // what it hangs over now is the cover
  await hang(win, 'dragleave')
  await expect(overlay).toBeHidden()
  await hang(win, 'dragenter')
  await expect(overlay).toBeVisible()
  // Whatever became of that drag: a pointer that moves by itself drags nothing.
  await win.mouse.move(300, 200)
  await expect(overlay).toBeHidden()

  const two = await dragFiles(win, strata, [base, join(strata.folder, 'card.raw')])
  await expect(looking).toBeVisible()
  await expect(overlay).toBeHidden()
  await two.drop('look')
  await expect(looking).toBeHidden()

  await win.getByRole('button', { name: 'New disk', exact: true }).click()
  await expect(win.getByRole('dialog', { name: 'New disk' })).toBeVisible()
  const one = await dragFiles(win, strata, [base])
  await expect(overlay).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('drop.png'), animations: 'disabled' })
  await one.drop('overlay')
  const sheet = win.getByRole('dialog', { name: 'New overlay' })
  await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue('base-overlay.qcow2')
  await sheet.getByRole('button', { name: 'Create', exact: true }).click()
  await expect(win.getByRole('heading', { level: 1, name: 'base-overlay.qcow2' })).toBeVisible()
  expect(qemuInfo(join(strata.folder, 'base-overlay.qcow2'))).toMatchObject({
    'backing-filename': 'base.qcow2',
    'backing-filename-format': 'qcow2',
  })
})
