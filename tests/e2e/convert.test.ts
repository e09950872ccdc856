import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { dropFile, tray, watchBar } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, NO_QEMU, qemuImg, qemuInfo, randomRaw, sameBytes, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

test.describe('converting a large disk', () => {
  test.use({ seed: { fill: (folder: string) => void randomRaw(folder, 'big.raw', 120) } })

  test('a dropped image is converted while the bar moves', async ({ win, strata }) => {
    const source = join(strata.folder, 'big.raw')
    const target = join(strata.folder, 'big.qcow2')
    await dropFile(win, strata, source, 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await expect(sheet.getByLabel('Save as')).toHaveValue(target)
    await sheet.getByRole('checkbox', { name: 'Compress' }).click()
    await expect(sheet.getByText('It fits.')).toBeVisible()
    await expect(sheet.getByText(`strata convert -p -f raw -O qcow2 -c ${source} ${target}`)).toBeVisible()
    await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
    await expect(sheet).toBeHidden()

    const values = await watchBar(win)
    expect(new Set(values).size).toBeGreaterThan(3)
    expect(values).toEqual(values.toSorted((a, b) => a - b))
    await expect(tray(win).getByText('Converted big.raw → big.qcow2')).toBeVisible()
    expect(qemuImg('compare', source, target)).toContain('Images are identical')
    expect(qemuImg('check', target)).toContain('No errors were found')
    await tray(win).getByRole('button', { name: 'big.qcow2', exact: true }).click()
    await expect(win.getByRole('heading', { level: 1, name: 'big.qcow2' })).toBeVisible()
  })

  test('a cancelled conversion leaves nothing beside its target', async ({ win, strata }) => {
    await dropFile(win, strata, join(strata.folder, 'big.raw'), 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await sheet.getByRole('checkbox', { name: 'Compress' }).click()
    await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
    await expect.poll(async () => Number(await tray(win).getByRole('progressbar').getAttribute('aria-valuenow'))).toBeGreaterThan(2)
    expect(readdirSync(strata.folder).filter((name) => name !== 'big.raw')).not.toEqual([])
    await tray(win).getByRole('button', { name: 'Cancel' }).click()
    await expect(tray(win).getByText('Cancelled, nothing left behind')).toBeVisible()
    await expect.poll(() => readdirSync(strata.folder)).toEqual(['big.raw'])
  })

  test('a paused conversion stands still and goes on', async ({ win, strata }) => {
    const target = join(strata.folder, 'big.qcow2')
    await dropFile(win, strata, join(strata.folder, 'big.raw'), 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await sheet.getByRole('checkbox', { name: 'Compress' }).click()
    await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
    const bar = tray(win).getByRole('progressbar')
    await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(2)
    await tray(win).getByRole('button', { name: 'Pause' }).click()
    await expect(tray(win).getByText('Paused')).toBeVisible()
    // What was under way when the pause came may still be told.
    await win.waitForTimeout(400)
    const still = await bar.getAttribute('aria-valuenow')
    await win.waitForTimeout(800)
    expect(await bar.getAttribute('aria-valuenow')).toBe(still)
    await tray(win).getByRole('button', { name: 'Continue' }).click()
    await expect(tray(win).getByText('Converted big.raw → big.qcow2')).toBeVisible({ timeout: 40_000 })
    expect(qemuImg('compare', join(strata.folder, 'big.raw'), target)).toContain('Images are identical')
  })
})

test.describe('converting a small disk', () => {
  test.use({
    seed: {
      fill: (folder: string) => {
        const raw = smallRaw(folder, 'small.raw')
        qemuImg('convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, join(folder, 'packed.qcow2'))
      },
    },
  })

  test('compressed qcow2 becomes the same raw bytes', async ({ win, strata }) => {
    await dropFile(win, strata, join(strata.folder, 'packed.qcow2'), 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await expect(sheet.getByRole('radio', { name: /raw/ })).toBeChecked()
    await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
    await expect(tray(win).getByText('Converted packed.qcow2 → packed.raw')).toBeVisible()
    expect(sameBytes(join(strata.folder, 'packed.raw'), join(strata.folder, 'small.raw'))).toBe(true)
  })

  test('a target that is there is replaced only after a yes', async ({ win, strata }) => {
    const target = join(strata.folder, 'small.raw')
    await dropFile(win, strata, join(strata.folder, 'packed.qcow2'), 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await sheet.getByRole('radio', { name: /qcow2/ }).click()
    await expect(sheet.getByLabel('Save as')).toHaveValue(join(strata.folder, 'packed-copy.qcow2'))
    const yes = sheet.getByLabel('Replace it. What is in it now is gone for good.')
    if (strata.kind === 'serve') {
      await sheet.getByLabel('Save as').fill(target)
      await expect(sheet.getByText('small.raw is there already.')).toBeVisible()
      await expect(sheet.getByRole('button', { name: 'Replace and convert' })).toBeDisabled()
      await yes.click()
    } else {
      // A typed name may replace nothing in the desktop; the system's dialog has the person agree.
      await strata.answerSave(target)
      await sheet.getByRole('button', { name: 'Choose…' }).click()
    }
    await expect(yes).toBeChecked()
    await sheet.getByRole('button', { name: 'Replace and convert' }).click()
    await expect(tray(win).getByText('Converted packed.qcow2 → small.raw')).toBeVisible()
    expect(qemuInfo(target)).toMatchObject({ format: 'qcow2' })
  })

  test('a drop on the open sheet says which disk', async ({ win, strata }) => {
    await win.getByRole('button', { name: 'Convert', exact: true }).click()
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await expect(sheet.getByText('Which disk? Drop one on the window, or choose one.')).toBeVisible()
    await dropFile(win, strata, join(strata.folder, 'small.raw'), 'convert')
    await expect(sheet.getByLabel('Save as')).toHaveValue(join(strata.folder, 'small.qcow2'))
    await dropFile(win, strata, join(strata.folder, 'packed.qcow2'), 'convert')
    await expect(sheet.getByLabel('Save as')).toHaveValue(join(strata.folder, 'packed.raw'))
    await dropFile(win, strata, join(strata.folder, 'small.raw'), 'look')
    await expect(sheet).toBeHidden()
    await expect(win.getByRole('heading', { level: 1, name: 'small.raw' })).toBeVisible()
  })

  test('a disk can not become itself', async ({ win, strata }) => {
    const source = join(strata.folder, 'packed.qcow2')
    await dropFile(win, strata, source, 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await sheet.getByLabel('Save as').fill(source)
    await expect(sheet.getByRole('alert').first()).toBeVisible()
    await expect(sheet.getByRole('button', { name: /onvert$/ })).toBeDisabled()
  })
})
