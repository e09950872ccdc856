import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from '@playwright/test'
import { dropFile, lookInside, row, tray } from './hands.ts'
import { expect, test, type StrataHost } from './host.ts'
import { hasQemu, NO_QEMU, qemuImg, randomRaw, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

const SLOW = { timeout: 30_000 }
const MIB = 1024 * 1024

/** Whether this machine lets the test make a drive of its own, which can be filled. */
const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' }).status === 0
  if (mounted) execFileSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return mounted
})()

/** The person comes back to the window. */
async function comeBack(win: Page): Promise<void> {
  await win.evaluate(() => window.dispatchEvent(new Event('focus')))
}

/** Orders a conversion to qcow2 beside the source, compressed so that it takes its time. */
async function convert(win: Page, strata: StrataHost, path: string): Promise<void> {
  await dropFile(win, strata, path, 'convert')
  const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await sheet.getByRole('checkbox', { name: 'Compress' }).click()
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await expect(sheet).toBeHidden()
}

test.describe('what goes wrong around the window', () => {
  test.use({ seed: { fill: (folder: string) => void smallRaw(folder, 'disk.raw') } })

  test('a disk that goes while it is shown, and files of Strata that are damaged, are told; the window goes on', async ({
    win,
    strata,
  }) => {
    const path = join(strata.folder, 'disk.raw')
    await lookInside(win, strata, 'disk.raw')
    renameSync(path, `${path}.away`)
    await comeBack(win)
    await expect(win.getByRole('heading', { name: 'disk.raw is not where it was' })).toBeVisible()
    await expect(win.getByRole('button', { name: 'Point at the new place…' })).toBeVisible()
    renameSync(`${path}.away`, path)
    await comeBack(win)
    await expect(win.getByRole('heading', { level: 1, name: 'disk.raw', exact: true })).toBeVisible()

    // It goes while a sheet asks what shall become of it.
    await dropFile(win, strata, path, 'convert')
    const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
    await expect(sheet.getByRole('button', { name: 'Convert', exact: true })).toBeEnabled()
    renameSync(path, `${path}.away`)
    await sheet.getByRole('checkbox', { name: 'Compress' }).click()
    await expect(sheet.getByText('There is no such file or folder')).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Convert', exact: true })).toBeDisabled()
    renameSync(`${path}.away`, path)
    await sheet.getByRole('button', { name: 'Cancel' }).click()

    await strata.stop()
    const data = join(dirname(strata.folder), 'data')
    writeFileSync(join(data, 'library.json'), '[1, 2')
    writeFileSync(join(data, 'jobs.json'), '{ "jobs": 7 }')
    await strata.show(win)
    await expect(win.getByText("One of Strata's own files was damaged.")).toBeVisible()
    await expect(win.getByText('The list of your disks was damaged.')).toBeVisible()
    for (const name of ['library', 'jobs']) {
      await expect(win.getByText(new RegExp(`${name}\\.damaged-.*\\.json`))).toBeVisible()
      expect(readdirSync(data).filter((file) => file.startsWith(`${name}.damaged-`))).toHaveLength(1)
    }
    await lookInside(win, strata, 'disk.raw')
    expect(readdirSync(data)).toContain('library.json')
  })
})

test.describe('a drive that fills up during a job', () => {
  test.skip(!canMount, 'the test may not mount a drive of its own here')
  test.use({
    seed: {
      fill: (folder: string) => {
        const drive = join(folder, 'drive')
        mkdirSync(drive)
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=140m', 'tmpfs', drive])
        randomRaw(drive, 'big.raw', 60)
      },
    },
  })
  test.afterEach(({ strata }) => {
    execFileSync('umount', ['-l', join(strata.folder, 'drive')])
  })

  test('is told with what to do, nothing is left, and the job is done once there is room', async ({ win, strata }) => {
    const drive = join(strata.folder, 'drive')
    await convert(win, strata, join(drive, 'big.raw'))
    await win.getByRole('button', { name: 'Show all jobs' }).click()
    await expect(tray(win).getByRole('progressbar')).toBeVisible()
    const filler = join(drive, 'filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, `bs=${MIB}`], { stdio: 'ignore' })
    await expect(tray(win).getByText('The drive is full')).toBeVisible(SLOW)
    expect(readdirSync(drive).toSorted()).toEqual(['big.raw', 'filler'])
    rmSync(filler)
    await tray(win).getByRole('button', { name: 'Try again' }).click()
    await expect(tray(win).getByText('Converted big.raw → big.qcow2')).toBeVisible(SLOW)
    expect(qemuImg('compare', join(drive, 'big.raw'), join(drive, 'big.qcow2'))).toContain('Images are identical')
  })
})

test.describe('a server that is started again', () => {
  test.skip(({ host }) => host !== 'serve', 'the desktop and its window end together')
  test.use({ seed: { fill: (folder: string) => void smallRaw(folder, 'disk.raw') } })

  test('is found by its new link in the same page, which shows things as they are', async ({ win, strata, browser }) => {
    await lookInside(win, strata, 'disk.raw')
    await strata.stop()
    await expect(win.getByText('Strata does not answer. Trying again…')).toBeVisible()
    rmSync(join(strata.folder, 'disk.raw'))
    await strata.show(win)
    await expect(win.getByText('Strata does not answer. Trying again…')).toBeHidden()
    await expect(row(win, 'disk.raw')).toBeVisible()
    await row(win, 'disk.raw').click()
    await expect(win.getByRole('heading', { name: 'disk.raw is not where it was' })).toBeVisible()

    // A page that was opened without its token takes the link, too.
    const stranger = await (await browser.newContext()).newPage()
    await stranger.goto(new URL('/', win.url()).href)
    await expect(stranger.getByRole('heading', { name: 'This page needs the link that strata serve prints.' })).toBeVisible()
    await strata.stop()
    await strata.show(stranger)
    await expect(row(stranger, 'disk.raw')).toBeVisible()
    await stranger.context().close()
  })
})
