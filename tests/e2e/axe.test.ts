import { join } from 'node:path'
import { dropFile, lookInside, row } from './hands.ts'
import { expect, test } from './host.ts'
import { cutQcow2, emptyQcow2, hasQemu, leakyQcow2, NO_QEMU, overlay, qemuImg } from './images.ts'
import { expectSound, schemeOf } from './sound.ts'

test.skip(!hasQemu, NO_QEMU)

test.use({
  seed: {
    fill: (folder: string) => {
      qemuImg('snapshot', '-c', 'before', emptyQcow2(folder, 'base.qcow2'))
      overlay(folder, 'web.qcow2', 'base.qcow2')
      leakyQcow2(folder, 'leaky.qcow2')
      cutQcow2(folder, 'cut.qcow2')
    },
  },
})

test.describe('axe finds nothing serious', () => {
  test.beforeEach(() => {
    // A page is looked at many times, and a loaded machine takes seconds for each.
    test.setTimeout(180_000)
  })

  test('on the pages', async ({ win, strata }) => {
    await win.emulateMedia({ colorScheme: schemeOf(strata) })
    await expectSound(win, 'empty library')
    await lookInside(win, strata, 'base.qcow2')
    await lookInside(win, strata, 'web.qcow2')
    await expectSound(win, 'overview')
    await row(win, 'base.qcow2').click()
    await win.getByRole('tab', { name: 'Snapshots (1)' }).click()
    await expectSound(win, 'snapshots')
    await lookInside(win, strata, 'leaky.qcow2')
    await win.getByRole('button', { name: 'Check', exact: true }).click()
    await expect(win.getByText('Nothing is lost.')).toBeVisible()
    await expectSound(win, 'check report')
    await dropFile(win, strata, join(strata.folder, 'cut.qcow2'), 'look')
    await expect(win.getByRole('main').getByRole('alert')).toBeVisible()
    await expectSound(win, 'error')
    await win.getByRole('button', { name: 'Strata: all disks' }).click()
    await expectSound(win, 'library')
    await win.setViewportSize({ width: 800, height: 600 })
    await win.getByRole('button', { name: 'Show the library' }).click()
    await expectSound(win, 'narrow')
  })
})
