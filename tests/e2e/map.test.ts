import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { lookInside } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, NO_QEMU, overlay, qemuImg } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

const MIB = 2 ** 20
const SECTOR = 512

/** A disk of 64 MiB with a partition from 1 MiB to 33 MiB, stored compressed, below an overlay with data and zeros of its own. */
function seed(folder: string): void {
  const raw = join(folder, 'disk.raw')
  const table = Buffer.alloc(SECTOR)
  table[446 + 4] = 0x83
  table.writeUInt32LE(MIB / SECTOR, 446 + 8)
  table.writeUInt32LE((32 * MIB) / SECTOR, 446 + 12)
  table.writeUInt16BE(0x55aa, 510)
  const file = openSync(raw, 'w')
  writeSync(file, table)
  writeSync(file, Buffer.alloc(4 * MIB, 'what the guest wrote'), 0, 4 * MIB, 2 * MIB)
  ftruncateSync(file, 64 * MIB)
  closeSync(file)
  qemuImg('convert', '-c', '-O', 'qcow2', raw, join(folder, 'base.qcow2'))
  rmSync(raw)
  const top = overlay(folder, 'top.qcow2', 'base.qcow2')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 40M 2M', '-c', 'write -q -z 48M 1M', top])
}

test.use({ seed: { fill: seed } })

interface Run {
  start: number
  length: number
  depth: number
  data: boolean
  zero: boolean
  offset?: number
}

test('the map shows what qemu-img tells of the disk, down to one cluster', async ({ win, strata }) => {
  await lookInside(win, strata, 'top.qcow2')
  await win.getByRole('tab', { name: 'Map' }).click()
  const picture = win.getByRole('slider', { name: /^Map of the disk/ })
  await expect(win.locator('canvas[data-drawn="1024"]')).toBeVisible()

  const runs = JSON.parse(qemuImg('map', '--output=json', join(strata.folder, 'top.qcow2'))) as Run[]
  const bytes = (of: (run: Run) => boolean): number => runs.filter(of).reduce((sum, run) => sum + run.length, 0)
  const legend = win.getByRole('main').getByRole('listitem')
  // Whole clusters are what a map counts: the table in the first one, and four megabytes of data, lie below.
  expect(bytes(({ depth, data }) => data && depth === 1)).toBe(4 * MIB + 65536)
  await expect(legend.filter({ hasText: 'In a lower layer' }).locator('.size')).toHaveAttribute('title', '4,259,840 bytes')
  await expect(legend.filter({ hasText: /^\s*Data/ }).locator('.size')).toHaveAttribute('title', '2,097,152 bytes')
  expect(bytes(({ depth, data }) => data && depth === 0)).toBe(2 * MIB)
  await expect(legend.filter({ hasText: 'Zeros' }).locator('.size')).toHaveAttribute('title', '1,048,576 bytes')

  await win.getByLabel('Go to offset').fill('40M')
  await win.getByRole('button', { name: 'Go to offset' }).click()
  const there = runs.find(({ start }) => start === 40 * MIB)
  await expect(win.getByText(`top.qcow2, 0x${there!.offset!.toString(16)}`)).toBeVisible()
  await expect(picture).toHaveAttribute('aria-valuetext', /^40 MiB to 40.1 MiB: Data$/)

  await picture.focus()
  await win.keyboard.press('ArrowLeft')
  await expect(picture).toHaveAttribute('aria-valuetext', /: Nothing$/)
  await win.getByLabel('Go to offset').fill('100T')
  await expect(win.getByRole('main').getByRole('alert')).toContainText('below 64 MiB')
  await win.getByLabel('Go to offset').fill('0x3000000')
  await win.keyboard.press('Enter')
  await expect(picture).toHaveAttribute('aria-valuetext', /^48 MiB to 48.1 MiB: Zeros$/)

  await expect(win.getByRole('button', { name: 'Partition 1: ' })).toBeVisible()
  const { violations } = await new AxeBuilder({ page: win }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([])
})
