import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { choose, lookInside, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { emptyQcow2, hasQemu, NO_QEMU, overlay, qemuImg, qemuInfo } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

function write(path: string, pattern: number, from: string, length: string): void {
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${pattern} ${from} ${length}`, path])
}

/** Fails where a range of the disk does not hold this byte throughout. */
function expectPattern(path: string, pattern: number, from: string, length: string): void {
  expect(execFileSync('qemu-io', ['-f', 'qcow2', '-c', `read -q -P ${pattern} ${from} ${length}`, path], { encoding: 'utf8' })).toBe('')
}

/** A base of sevens, an overlay that has eights in its second megabyte, and another overlay beside it. */
function seed(folder: string): void {
  write(emptyQcow2(folder, 'base.qcow2'), 7, '0', '4M')
  write(overlay(folder, 'web.qcow2', 'base.qcow2'), 8, '1M', '1M')
  overlay(folder, 'test.qcow2', 'base.qcow2')
  const other = emptyQcow2(folder, 'other.qcow2')
  write(other, 7, '0', '1M')
  write(other, 8, '1M', '1M')
}

test.use({ seed: { fill: seed } })

async function act(win: Page, layer: string, action: string): Promise<void> {
  await win.getByRole('tab', { name: 'Layers' }).click()
  await win.getByRole('button', { name: `Actions for ${layer}` }).press('Enter')
  await win.getByRole('menuitem', { name: action }).press('Enter')
}

test('the graph shows what of the disk each layer holds, and the images of the folder that stand on it', async ({ win, strata }) => {
  qemuImg('snapshot', '-c', 'one', join(strata.folder, 'web.qcow2'))
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  // Of four megabytes that are written, one was written anew.
  await expect(win.getByRole('link', { name: /^web\.qcow2, .* 25% of what the disk reads, 1 snapshot$/ })).toBeVisible()
  await expect(win.getByRole('link', { name: /^base\.qcow2, .* 75% of what the disk reads$/ })).toBeVisible()
  await lookInside(win, strata, 'base.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  await expect(win.getByRole('link', { name: /^test\.qcow2, not in the library/ })).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('graph.png') })
  if (strata.kind === 'shim') return // there, a file that nobody gave to the window is not shown
  await win.getByRole('link', { name: /^test\.qcow2, not in the library/ }).click()
  await win.getByRole('button', { name: 'More actions' }).click()
  for (const name of ['Duplicate…', 'Rename or move…', 'Add to library']) await expect(win.getByRole('menuitem', { name })).toBeVisible()
})

test('an overlay is committed, after the images that this changes were named', async ({ win, strata }) => {
  const base = join(strata.folder, 'base.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  await act(win, 'web.qcow2', 'Commit into the layer below')
  const sheet = win.getByRole('dialog', { name: 'Commit web.qcow2' })
  if (strata.kind === 'shim') {
    // The stand-in's person says no, then yes.
    await strata.control({ answers: [0, 1] })
    await sheet.getByRole('button', { name: 'Allow…' }).press('Enter')
    await expect(sheet.getByRole('button', { name: 'Allow…' })).toBeVisible()
    await expect(sheet.getByRole('button', { name: 'Commit into base.qcow2' })).toBeDisabled()
    await sheet.getByRole('button', { name: 'Allow…' }).press('Enter')
  }
  await expect(sheet.getByRole('listitem')).toHaveText(['test.qcow2'])
  const go = sheet.getByRole('button', { name: 'Commit and change 1 image' })
  await expect(go).toBeDisabled()
  await sheet.getByRole('checkbox', { name: 'Go on, even so' }).press('Space')
  await win.screenshot({ path: test.info().outputPath('commit.png') })
  await go.press('Enter')
  await expect(sheet).toBeHidden()
  await expect(tray(win)).toContainText('Committed')
  expectPattern(base, 7, '0', '1M')
  expectPattern(base, 8, '1M', '1M')
  expectPattern(join(strata.folder, 'web.qcow2'), 8, '1M', '1M')
  qemuImg('check', '-q', base)
})

test('a right click leads to flattening, and the disk then stands alone', async ({ win, strata }) => {
  const web = join(strata.folder, 'web.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  await win.getByRole('link', { name: /^web\.qcow2, / }).click({ button: 'right' })
  await win.getByRole('menuitem', { name: 'Flatten: make it stand alone' }).click()
  const sheet = win.getByRole('dialog', { name: 'Flatten web.qcow2' })
  await expect(sheet.getByRole('img', { name: 'Then' })).toHaveCount(2)
  await sheet.getByRole('button', { name: 'Flatten' }).click()
  await expect(sheet).toBeHidden()
  await expect.poll(() => qemuInfo(web)['backing-filename']).toBeUndefined()
  expectPattern(web, 7, '0', '1M')
  expectPattern(web, 8, '1M', '1M')
  qemuImg('check', '-q', web)
})

test('two disks are compared, the difference leads to the map, and one is put on the other', async ({ win, strata }) => {
  const [web, other] = ['web.qcow2', 'other.qcow2'].map((name) => join(strata.folder, name)) as [string, string]
  await lookInside(win, strata, 'other.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  await act(win, 'web.qcow2', 'Compare with…')
  const compare = win.getByRole('dialog', { name: 'Compare web.qcow2 with another disk' })
  await choose(win, 'With', 'other.qcow2')
  await expect(compare.getByText(`strata compare -p -f qcow2 -F qcow2 ${web} ${other}`)).toBeVisible()
  await compare.getByRole('button', { name: 'Compare', exact: true }).click()
  await expect(compare.getByText('They differ. The first byte that is not the same lies at 2 MiB (2,097,152 bytes).')).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('compare.png') })
  await compare.getByRole('button', { name: 'Show it on the map' }).click()
  await expect(win.getByText('0x200000–0x20ffff')).toBeVisible()

  await act(win, 'web.qcow2', 'Put on another base…')
  const rebase = win.getByRole('dialog', { name: 'Put web.qcow2 on another base' })
  await choose(win, 'New base', 'other.qcow2')
  await expect(rebase.getByText(`strata rebase -p -f qcow2 -b other.qcow2 -F qcow2 ${web}`)).toBeVisible()
  await expect(rebase.getByRole('img', { name: 'Then' })).toHaveCount(2)
  await win.screenshot({ path: test.info().outputPath('rebase.png') })
  await rebase.getByRole('button', { name: 'Change the base' }).click()
  await expect(rebase).toBeHidden()
  await expect.poll(() => qemuInfo(web)['backing-filename']).toBe('other.qcow2')
  // It reads as it did: the seven that the new base has otherwise was copied.
  expectPattern(web, 7, '0', '1M')
  expectPattern(web, 8, '1M', '1M')
  expectPattern(web, 7, '2M', '2M')
  qemuImg('check', '-q', web)
})

test('a base that was renamed is found, and the overlay pointed at it', async ({ win, strata }) => {
  renameSync(join(strata.folder, 'base.qcow2'), join(strata.folder, 'renamed.qcow2'))
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('button', { name: 'Find it…' }).click()
  const sheet = win.getByRole('dialog', { name: 'Find the layer below' })
  await sheet.getByRole('radio', { name: /^renamed\.qcow2/ }).check()
  await expect(sheet.getByText(/strata rebase -p -f qcow2 -u -b renamed\.qcow2 -F qcow2 /)).toBeVisible()
  await win.screenshot({ path: test.info().outputPath('find.png') })
  await sheet.getByRole('button', { name: 'Point at this file' }).click()
  await expect(sheet).toBeHidden()
  const web = join(strata.folder, 'web.qcow2')
  await expect.poll(() => qemuInfo(web)).toMatchObject({ 'backing-filename': 'renamed.qcow2', 'backing-filename-format': 'qcow2' })
  expectPattern(web, 7, '0', '1M')
  await expect(win.getByText('A layer below can’t be opened')).toBeHidden()
})

test('a disk is dragged onto another base, and a graph of sixty layers is moved and made smaller', async ({ win, strata }) => {
  await lookInside(win, strata, 'test.qcow2')
  await lookInside(win, strata, 'web.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  const node = (name: string) => win.getByRole('link', { name: new RegExp(`^${name}, `) })
  // Onto its own base or onto one that stands on it, a disk can't go.
  await node('web.qcow2').dragTo(node('base.qcow2'))
  await expect(win.getByRole('dialog')).toHaveCount(0)
  await expect(win.getByRole('heading', { name: 'web.qcow2' })).toBeVisible()
  await node('web.qcow2').dragTo(node('test.qcow2'))
  const sheet = win.getByRole('dialog', { name: 'Put web.qcow2 on another base' })
  await expect(sheet.getByText(/strata rebase -p -f qcow2 -b test\.qcow2 -F qcow2 /)).toBeVisible()
  await sheet.getByRole('button', { name: 'Cancel' }).click()

  overlay(strata.folder, 'layer1.qcow2', 'base.qcow2')
  for (let at = 2; at < 60; at++) overlay(strata.folder, `layer${at}.qcow2`, `layer${at - 1}.qcow2`)
  await lookInside(win, strata, 'layer59.qcow2')
  await win.getByRole('tab', { name: 'Layers' }).click()
  await expect(node('layer59.qcow2')).toBeInViewport()
  await expect(node('base.qcow2')).not.toBeInViewport()
  const ground = await win.getByRole('group', { name: 'Layers', exact: true }).boundingBox()
  const box = await node('layer57.qcow2').boundingBox()
  if (!ground || !box) throw new Error('nothing is drawn')
  await win.mouse.move(ground.x + 2, box.y)
  await win.mouse.down()
  await win.mouse.move(ground.x + 2, box.y - 150, { steps: 5 })
  await win.mouse.up()
  expect((await node('layer57.qcow2').boundingBox())?.y).toBeCloseTo(box.y - 150, 0)
  await win.screenshot({ path: test.info().outputPath('sixty.png') })
  await win.getByRole('button', { name: 'Show all of it' }).click()
  await expect(win.getByRole('button', { name: 'Full size' })).toHaveText('25%')
  const small = await node('layer57.qcow2').boundingBox()
  expect(small?.width).toBeCloseTo(box.width / 4, 0)
  await win.screenshot({ path: test.info().outputPath('small.png') })
  await node('base.qcow2').focus()
  await expect(node('base.qcow2')).toBeInViewport()
})
