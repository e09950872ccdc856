import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lookInside } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, NO_QEMU, overlay, qemuImg } from './images.ts'
import { expectSound } from './sound.ts'

test.skip(!hasQemu, NO_QEMU)

const MIB = 2 ** 20
const SECTOR = 512
const CLUSTER = 65536

function write(path: string, ...commands: string[]): void {
  execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path])
}

/**
 * A disk of 64 MiB with a partition from 1 MiB to 33 MiB, most of it stored compressed, below an overlay with data, compressed data and zeros
 * of its own.
 */
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
  write(join(folder, 'base.qcow2'), 'write -q -P 5 20M 128k')
  write(overlay(folder, 'top.qcow2', 'base.qcow2'), 'write -q -P 7 40M 2M', 'write -q -c -P 9 44M 64k', 'write -q -z 48M 1M')
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
  // Whole clusters are what a map counts: the table in the first one, and more than four megabytes of data, lie below.
  expect(bytes(({ depth, data }) => data && depth === 1)).toBe(4 * MIB + 3 * CLUSTER)
  await expect(legend.filter({ hasText: 'In a lower layer' }).locator('.size')).toHaveAttribute('title', '4,390,912 bytes')
  await expect(legend.filter({ hasText: /^\s*Data/ }).locator('.size')).toHaveAttribute('title', '2,097,152 bytes')
  await expect(legend.filter({ hasText: /^\s*Compressed/ }).locator('.size')).toHaveAttribute('title', '65,536 bytes')
  expect(bytes(({ depth, data }) => data && depth === 0)).toBe(2 * MIB + CLUSTER)
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
  await expectSound(win, 'map')
})

test('each square under the pointer, and each line of the table, says what qemu-img says of it', async ({ win, strata }) => {
  await lookInside(win, strata, 'top.qcow2')
  await win.getByRole('tab', { name: 'Map' }).click()
  const canvas = win.locator('canvas[data-drawn="1024"]')
  await expect(canvas).toBeVisible()
  const picture = win.getByRole('slider', { name: /^Map of the disk/ })
  const runs = JSON.parse(qemuImg('map', '--output=json', join(strata.folder, 'top.qcow2'))) as Run[]

  const box = (await canvas.boundingBox())!
  await picture.hover({ position: { x: box.width - 3, y: 3 } })
  const columns = Number(await picture.getAttribute('aria-valuenow')) + 1
  const pitch = box.width / columns
  const layers = ['top.qcow2', 'base.qcow2']
  for (const place of [40 * MIB, 44 * MIB, 48 * MIB, 60 * MIB, 20 * MIB, 3 * MIB]) {
    const cell = place / CLUSTER
    const { start, depth, data, zero, offset } = runs.find((run) => run.start <= place && place < run.start + run.length)!
    await picture.hover({ position: { x: (cell % columns) * pitch + 3, y: Math.floor(cell / columns) * pitch + 3 } })
    await expect(picture).toHaveAttribute('aria-valuenow', String(cell))
    const kind = !data
      ? depth === 0 && zero
        ? 'Zeros'
        : 'Nothing'
      : depth > 0
        ? 'In a lower layer'
        : offset === undefined
          ? 'Compressed'
          : 'Data'
    await expect(picture).toHaveAttribute('aria-valuetext', new RegExp(`: ${kind}$`))
    const at = offset === undefined ? 'compressed' : `0x${(offset + place - start).toString(16)}`
    await expect(win.getByText(data ? `${layers[depth]!}, ${at}` : 'Nowhere: nothing is stored', { exact: true })).toBeVisible()
  }

  await win.getByRole('button', { name: 'As a table' }).click()
  const lines = win.getByRole('table', { name: 'What 0 bytes to 64 MiB is made of' }).getByRole('row')
  await expect(lines).toHaveCount(runs.length + 1)
  for (const [index, { start, data, offset, depth }] of runs.entries()) {
    const line = lines.nth(index + 1)
    await expect(line).toContainText(`0x${start.toString(16)}`)
    if (data) await expect(line).toContainText(layers[depth]!)
    await expect(line).toContainText(offset !== undefined ? `0x${offset.toString(16)}` : data ? 'Compressed' : /Zeros|Nothing/)
  }
  await expectSound(win, 'map as a table')
})
