import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { AxeBuilder } from '@axe-core/playwright'
import { choose, dropFile, tray } from './hands.ts'
import { expect, test, type StrataHost } from './host.ts'
import { hasQemu, NO_QEMU, qemuImg, randomRaw, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

const SLOW = { timeout: 40_000 }

/** Orders a conversion to qcow2, compressed so that it takes its time. */
async function convert(win: Page, strata: StrataHost, name: string): Promise<void> {
  await dropFile(win, strata, join(strata.folder, name), 'convert')
  const sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await sheet.getByRole('checkbox', { name: 'Compress' }).click()
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await expect(sheet).toBeHidden()
}

function jobRow(win: Page, name: string): Locator {
  return tray(win).getByRole('listitem').filter({ hasText: name })
}

test.describe('the queue and the history', () => {
  test.use({
    seed: {
      fill: (folder: string) => {
        randomRaw(folder, 'big.raw', 60)
        smallRaw(folder, 'first.raw')
        smallRaw(folder, 'second.raw')
      },
    },
  })

  test('jobs wait, change turns, stop, are tried again, and are remembered after a restart', async ({ win, strata }) => {
    test.setTimeout(120_000)
    await win.getByRole('button', { name: 'Settings' }).click()
    await choose(win, 'Jobs at once', '1')
    await win.getByRole('button', { name: 'Done', exact: true }).click()

    await convert(win, strata, 'big.raw')
    await win.getByRole('button', { name: 'Show all jobs' }).click()
    await tray(win).getByRole('button', { name: 'Pause all' }).click()
    await expect(jobRow(win, 'big.raw').getByText('Paused')).toBeVisible()
    await convert(win, strata, 'first.raw')
    await convert(win, strata, 'second.raw')
    const waiting = tray(win).getByRole('listitem').filter({ hasText: 'Waiting' })
    await expect(waiting).toHaveCount(2)
    await expect(waiting.first()).toContainText('first.raw')
    await jobRow(win, 'second.raw').getByRole('button', { name: 'Move up' }).click()
    await expect(waiting.first()).toContainText('second.raw')
    await jobRow(win, 'second.raw').dragTo(jobRow(win, 'first.raw'))
    await expect(waiting.first()).toContainText('first.raw')
    expect((await new AxeBuilder({ page: win }).analyze()).violations.filter(({ impact }) => impact === 'serious')).toEqual([])
    if (process.env['STRATA_PICTURES']) await win.screenshot({ path: join(process.env['STRATA_PICTURES'], `queue-${strata.kind}.png`) })

    await tray(win).getByRole('button', { name: 'Cancel all' }).click()
    await expect(tray(win).getByText('Cancelled, nothing left behind')).toHaveCount(3)
    await jobRow(win, 'first.raw').getByRole('button', { name: 'Try again' }).click()
    const done = tray(win).getByRole('listitem').filter({ hasText: 'Converted first.raw' })
    await expect(done).toBeVisible(SLOW)
    await done.getByRole('button', { name: 'Details' }).click()
    const [from, to] = ['first.raw', 'first.qcow2'].map((name) => join(strata.folder, name))
    await expect(done.getByText(`strata convert -p -f raw -O qcow2 -c ${from} ${to}`)).toBeVisible()
    expect(qemuImg('compare', from!, to!)).toContain('Images are identical')
    if (process.env['STRATA_PICTURES']) {
      await win.emulateMedia({ colorScheme: 'dark' })
      await win.setViewportSize({ width: 820, height: 600 })
      await win.screenshot({ path: join(process.env['STRATA_PICTURES'], `report-${strata.kind}.png`) })
      await win.setViewportSize({ width: 1280, height: 800 })
    }

    await jobRow(win, 'big.raw').getByRole('button', { name: 'Try again' }).click()
    await expect.poll(async () => Number(await tray(win).getByRole('progressbar').getAttribute('aria-valuenow')), SLOW).toBeGreaterThan(1)
    await strata.stop()
    const data = join(dirname(strata.folder), 'data')
    writeFileSync(join(data, 'settings.json'), '{ "theme": ')
    await strata.show(win)
    await expect(win.getByText("One of Strata's own files was damaged.")).toBeVisible()
    expect(readdirSync(data).some((name) => name.startsWith('settings.damaged-'))).toBe(true)
    await win.getByRole('button', { name: 'Dismiss' }).click()
    await win.getByRole('button', { name: 'Show all jobs' }).click()
    await expect(tray(win).getByText('Interrupted: Strata ended before it was done')).toHaveCount(1)
    await expect(tray(win).getByText('Converted first.raw → first.qcow2')).toBeVisible()
    expect(readdirSync(strata.folder).toSorted()).toEqual(['big.raw', 'first.qcow2', 'first.raw', 'second.raw'])
  })

  test('the system tells the end to who looks elsewhere, and the task bar how far it is', async ({ win, strata }) => {
    test.skip(strata.kind !== 'shim', 'a browser has no task bar, and its notifications can not be seen by a test')
    await win.evaluate(() => (document.hasFocus = () => false))
    await strata.control({ focused: false })
    await convert(win, strata, 'first.raw')
    await expect(tray(win).getByText('Converted first.raw → first.qcow2')).toBeVisible(SLOW)
    await expect
      .poll(async () => (await strata.control({})).notified)
      .toEqual([{ title: 'Strata: done', body: 'Converted first.raw → first.qcow2' }])
    const { taskBar } = await strata.control({})
    expect(taskBar.some(({ share }) => share >= 0)).toBe(true)
    expect(taskBar.at(-1)).toEqual({ share: -1, mode: 'none' })
  })
})
