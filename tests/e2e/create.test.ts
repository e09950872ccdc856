import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { choose, lookInside, placeDisk, row } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, partitionedRaw, qemuImg, qemuInfo } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.describe('the create wizard', () => {
  test('makes the disk that it describes', async ({ win, strata }) => {
    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    const sheet = win.getByRole('dialog', { name: 'New disk' })
    await placeDisk(sheet, strata, 'fresh.qcow2')
    await sheet.getByLabel('Size', { exact: true }).fill('1.5')
    await expect(sheet.getByText('A disk of 1.5 GiB for the guest')).toBeVisible()
    await sheet.getByRole('button', { name: 'Advanced' }).click()
    await choose(win, 'Cluster size', '128 KiB')
    await choose(win, 'Version', '2, for older QEMU')
    const path = join(strata.folder, 'fresh.qcow2')
    await expect(sheet.getByText(`strata create -f qcow2 -o cluster_size=128K,compat=0.10 ${path} 1536M`)).toBeVisible()
    await sheet.getByRole('button', { name: 'Create', exact: true }).click()

    await expect(win.getByRole('heading', { level: 1, name: 'fresh.qcow2' })).toBeVisible()
    await expect(row(win, 'fresh.qcow2')).toBeVisible()
    expect(qemuInfo(path)).toMatchObject({
      format: 'qcow2',
      'virtual-size': 1.5 * 1024 ** 3,
      'cluster-size': 131072,
      'format-specific': { data: { compat: '0.10' } },
    })
    expect(qemuImg('check', path)).toContain('No errors were found')
  })

  test('makes a raw disk of exactly the size', async ({ win, strata }) => {
    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    const sheet = win.getByRole('dialog', { name: 'New disk' })
    await placeDisk(sheet, strata, 'disk.qcow2')
    await sheet.getByLabel('Size', { exact: true }).fill('7')
    await choose(win, 'Unit', 'MiB')
    await sheet.getByRole('radio', { name: /raw/ }).click()
    await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue('disk.raw')
    await sheet.getByRole('button', { name: 'Create', exact: true }).click()
    await expect(win.getByRole('heading', { level: 1, name: 'disk.raw' })).toBeVisible()
    expect(qemuInfo(join(strata.folder, 'disk.raw'))).toMatchObject({ 'virtual-size': 7 * 1024 ** 2 })

    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    await placeDisk(sheet, strata, 'whole.qcow2')
    await sheet.getByLabel('Size', { exact: true }).fill('8M')
    await sheet.getByRole('button', { name: 'Advanced' }).click()
    await choose(win, 'Compression', 'zstd: quicker; QEMU 5.1 and later')
    await choose(win, 'Lay out in advance', 'All of it: never runs out of room')
    await sheet.getByLabel('Subclusters').click()
    await sheet.getByLabel('Count clusters lazily').click()
    await sheet.getByRole('button', { name: 'Create', exact: true }).click()
    await expect(win.getByRole('heading', { level: 1, name: 'whole.qcow2' })).toBeVisible()
    const made = qemuInfo(join(strata.folder, 'whole.qcow2'))
    expect(made).toMatchObject({
      'format-specific': { data: { 'compression-type': 'zstd', 'extended-l2': true, 'lazy-refcounts': true } },
    })
    expect(made['actual-size']).toBeGreaterThanOrEqual(8 * 1024 ** 2)
  })

  test('says what is wrong with a size before anything is made', async ({ win }) => {
    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    const sheet = win.getByRole('dialog', { name: 'New disk' })
    await sheet.getByLabel('Size', { exact: true }).fill('a lot')
    await expect(sheet.getByText('Type a size, such as 40 or 1.5.').first()).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Create', exact: true })).toBeDisabled()
  })
})

test.describe('beside other images', () => {
  test.use({ seed: { fill: (folder: string) => void emptyQcow2(folder, 'base.qcow2') } })

  test('an overlay names its base by its bare name', async ({ win, strata }) => {
    await lookInside(win, strata, 'base.qcow2')
    await win.getByRole('button', { name: 'New overlay' }).click()
    const sheet = win.getByRole('dialog', { name: 'New overlay' })
    await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue('base-overlay.qcow2')
    await expect(sheet.getByText('Left empty: 64 MiB, like the base.')).toBeVisible()
    await sheet.getByRole('button', { name: 'Create', exact: true }).click()
    await expect(win.getByRole('heading', { level: 1, name: 'base-overlay.qcow2' })).toBeVisible()
    expect(qemuInfo(join(strata.folder, 'base-overlay.qcow2'))).toMatchObject({
      'backing-filename': 'base.qcow2',
      'backing-filename-format': 'qcow2',
      'virtual-size': 64 * 1024 ** 2,
    })
    await expect(row(win, 'base-overlay.qcow2')).toHaveAttribute('aria-level', '2')
    const graph = win.getByRole('group', { name: 'Layers' })
    await graph.getByRole('link', { name: /^base\.qcow2/ }).click()
    await expect(win.getByRole('heading', { level: 1, name: 'base.qcow2', exact: true })).toBeVisible()
  })

  test('a file of that name is replaced only after a yes', async ({ win, strata }) => {
    await lookInside(win, strata, 'base.qcow2')
    await win.getByRole('button', { name: 'New disk', exact: true }).click()
    const sheet = win.getByRole('dialog', { name: 'New disk' })
    await placeDisk(sheet, strata, 'base.qcow2')
    await sheet.getByLabel('Size', { exact: true }).fill('2')
    await sheet.getByRole('button', { name: 'Create', exact: true }).click()
    // In the desktop the save dialog has asked already.
    if (strata.kind === 'serve') {
      await expect(sheet.getByText('base.qcow2 is there already.')).toBeVisible()
      expect(qemuInfo(join(strata.folder, 'base.qcow2'))).toMatchObject({ 'virtual-size': 64 * 1024 ** 2 })
      await sheet.getByLabel('Replace it. What is in it now is gone for good.').click()
      await sheet.getByRole('button', { name: 'Replace and create' }).click()
    }
    await expect(sheet).toBeHidden()
    expect(qemuInfo(join(strata.folder, 'base.qcow2'))).toMatchObject({ 'virtual-size': 2 * 1024 ** 3 })
  })

  test('grows a disk, and cuts off what nobody knows only after a yes', async ({ win, strata }) => {
    const path = join(strata.folder, 'base.qcow2')
    await lookInside(win, strata, 'base.qcow2')
    await win.getByRole('button', { name: 'Resize…' }).click()
    const sheet = win.getByRole('dialog', { name: 'Resize base.qcow2' })
    await sheet.getByRole('button', { name: 'Twice' }).click()
    await sheet.getByRole('button', { name: 'Grow to 128 MiB' }).click()
    await expect(sheet).toBeHidden()
    await expect(win.getByText('64 MiB → 128 MiB')).toBeVisible()
    expect(existsSync(path)).toBe(true)
    expect(qemuInfo(path)).toMatchObject({ 'virtual-size': 128 * 1024 ** 2 })
    expect(qemuImg('check', path)).toContain('No errors were found')

    await win.getByRole('button', { name: 'Resize…' }).click()
    await sheet.getByLabel('New size', { exact: true }).fill('32')
    await expect(sheet.getByText(/Strata can’t tell what is on this disk/)).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Shrink to 32 MiB' })).toBeDisabled()
    await sheet.getByLabel(/^Cut the last 96 MiB off/).click()
    await expect(sheet.getByText(`strata resize -f qcow2 --shrink ${path} 32M`)).toBeVisible()
    await sheet.getByRole('button', { name: 'Shrink to 32 MiB' }).click()
    await expect(win.getByText('128 MiB → 32 MiB')).toBeVisible()
    expect(qemuInfo(path)).toMatchObject({ 'virtual-size': 32 * 1024 ** 2 })
    expect(qemuImg('check', path)).toContain('No errors were found')
  })
})

test.describe('a disk with a partition', () => {
  test.skip(spawnSync('mkfs.ext4', ['-V']).status !== 0, 'mkfs.ext4 is not installed')
  test.use({ seed: { fill: (folder: string) => void partitionedRaw(folder, 'vm.raw') } })

  test('shrinks behind its last used byte, not through a partition, and says what the guest has to do', async ({ win, strata }) => {
    const path = join(strata.folder, 'vm.raw')
    await lookInside(win, strata, 'vm.raw')
    await win.getByRole('button', { name: 'Resize…' }).click()
    const sheet = win.getByRole('dialog', { name: 'Resize vm.raw' })
    await sheet.getByLabel('New size', { exact: true }).fill('10')
    await expect(sheet.getByText('Cut off in the middle, and most likely lost: partition 1 “root” (16 MiB).')).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Shrink to 10 MiB' })).toBeDisabled()
    await sheet.getByRole('button', { name: 'As small as safe: 17 MiB' }).click()
    await expect(sheet.getByText('All that is known to be on the disk ends before that.')).toBeVisible()
    await sheet.getByRole('button', { name: 'Shrink to 17 MiB' }).click()
    await expect(sheet).toBeHidden()
    await expect(win.getByText('64 MiB → 17 MiB')).toBeVisible()
    expect(qemuInfo(path)).toMatchObject({ 'virtual-size': 17 * 1024 ** 2 })
    expect(spawnSync('e2fsck', ['-fn', `${path}?offset=1048576`]).status).toBe(0)

    await win.getByRole('button', { name: 'Resize…' }).click()
    await sheet.getByLabel('New size, as a slider').press('End')
    await expect(sheet.getByRole('button', { name: 'Grow to 2 TiB' })).toBeEnabled()
    await sheet.getByRole('button', { name: 'Twice' }).click()
    await sheet.getByRole('button', { name: 'Grow to 34 MiB' }).click()
    const guest = win.getByRole('dialog', { name: 'Now inside the guest' })
    await expect(guest.getByText('sudo growpart /dev/vda 1')).toBeVisible()
    await expect(guest.getByText('sudo resize2fs /dev/vda1')).toBeVisible()
    await guest.getByRole('button', { name: 'Done' }).click()
    await expect(win.getByText('17 MiB → 34 MiB')).toBeVisible()
    expect(qemuInfo(path)).toMatchObject({ 'virtual-size': 34 * 1024 ** 2 })
  })
})
