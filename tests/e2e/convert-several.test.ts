import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { dropFile, dropFiles, lookInside, placeDisk, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, NO_QEMU, qemuImg, qemuInfo, smallRaw } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

/** A raw disk, a compressed one and an overlay. */
function seed(folder: string): void {
  const raw = smallRaw(folder, 'card.raw')
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, join(folder, 'packed.qcow2'))
  qemuImg('create', '-q', '-f', 'qcow2', '-b', 'packed.qcow2', '-F', 'qcow2', join(folder, 'top.qcow2'))
}

test.use({ seed: { fill: seed } })

async function tick(sheet: Locator, name: string): Promise<void> {
  await sheet.getByRole('checkbox', { name, exact: true }).click()
}

async function encrypt(sheet: Locator, passphrase: string): Promise<void> {
  await tick(sheet, 'Encrypt with a passphrase')
  await sheet.getByLabel('New passphrase', { exact: true }).fill(passphrase)
  await sheet.getByLabel('New passphrase again').fill(passphrase)
}

async function ended(win: Page, words: string): Promise<void> {
  await expect(tray(win).getByText(words)).toBeVisible({ timeout: 30_000 })
}

test('three disks are converted at once, each to its own name and format, and verified', async ({ win, strata }) => {
  const at = (name: string): string => join(strata.folder, name)
  await dropFiles(win, strata, [at('card.raw'), at('packed.qcow2'), at('top.qcow2')], 'convert')
  const sheet = win.getByRole('dialog', { name: 'Convert 3 disks' })
  const rows = sheet.getByRole('list', { name: 'Disks to convert' }).getByRole('listitem')
  await expect(rows).toHaveCount(3)
  // Two of them would become packed.raw and top.raw; the other one a qcow2 image.
  await expect(sheet.getByLabel('Save card.raw as')).toHaveValue(at('card.qcow2'))
  await sheet.getByLabel('Save packed.qcow2 as').fill(at('top.raw'))
  await expect(sheet.getByText('Two disks would be saved as top.raw. Give one another name.')).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Convert', exact: true })).toBeDisabled()
  await sheet.getByLabel('Save packed.qcow2 as').fill(at('plain.raw'))
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await tick(sheet, 'Verify afterwards')
  await expect(sheet.getByText('It fits.')).toBeVisible()
  const command = await sheet.locator('code').innerText()
  expect(command.split('\n')).toEqual([
    `strata convert -p -f raw -O qcow2 --verify ${at('card.raw')} ${at('card.qcow2')}`,
    `strata convert -p -f qcow2 -O raw --verify ${at('packed.qcow2')} ${at('plain.raw')}`,
    `strata convert -p -f qcow2 -O raw --verify ${at('top.qcow2')} ${at('top.raw')}`,
  ])
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await expect(sheet).toBeHidden()
  await tray(win).getByRole('button', { name: 'Show all jobs' }).click()
  for (const [source, target] of [
    ['card.raw', 'card.qcow2'],
    ['packed.qcow2', 'plain.raw'],
    ['top.qcow2', 'top.raw'],
  ] as const) {
    await ended(win, `Converted ${source} → ${target}`)
    expect(qemuImg('compare', at(source), at(target))).toContain('Images are identical')
  }
  expect(qemuImg('check', at('card.qcow2'))).toContain('No errors were found')
})

test('all disks of a folder are converted at once, and what is no disk for Strata says so', async ({ win, strata }) => {
  const folder = join(strata.folder, 'stack')
  const at = (name: string): string => join(folder, name)
  mkdirSync(folder)
  smallRaw(folder, 'one.raw')
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', at('one.raw'), at('two.qcow2'))
  writeFileSync(at('notes.txt'), 'no disk')
  qemuImg('create', '-q', '-f', 'vmdk', join(strata.folder, 'machine.vmdk'), '1M')
  if (strata.kind === 'serve') {
    await win.getByRole('button', { name: 'Convert', exact: true }).click()
    await win.getByRole('dialog', { name: 'Convert a disk' }).getByRole('button', { name: 'All disks of a folder…' }).click()
    await win.getByRole('option', { name: /^stack/ }).click()
    await win.getByRole('button', { name: 'Choose this folder' }).click()
  } else await dropFile(win, strata, folder, 'convert')
  const sheet = win.getByRole('dialog', { name: 'Convert 2 disks' })
  await sheet.getByRole('radio', { name: /qcow2/ }).click()
  await tick(sheet, 'Compress')
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await sheet.getByRole('button', { name: 'How hard to compress' }).or(sheet.getByLabel('How hard to compress')).first().click()
  await win.getByRole('option', { name: '9 (smallest, slowest)' }).click()
  await expect(sheet.locator('code')).toHaveText(
    [
      `strata convert -p -f raw -O qcow2 -c --level=9 ${at('one.raw')} ${at('one.qcow2')}`,
      `strata convert -p -f qcow2 -O qcow2 -c --level=9 ${at('two.qcow2')} ${at('two-copy.qcow2')}`,
    ].join('\n'),
  )
  await expect(sheet.getByText('It fits.')).toBeVisible()
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await tray(win).getByRole('button', { name: 'Show all jobs' }).click()
  await ended(win, 'Converted one.raw → one.qcow2')
  await ended(win, 'Converted two.qcow2 → two-copy.qcow2')
  for (const name of ['one.qcow2', 'two-copy.qcow2']) {
    expect(qemuImg('compare', at('one.raw'), at(name))).toContain('Images are identical')
    expect(qemuImg('check', at(name))).toContain('No errors were found')
  }
  if (strata.kind === 'shim') {
    await tray(win).getByRole('button', { name: 'Show in folder' }).first().click()
    await expect.poll(async () => (await strata.control({})).shown).toHaveLength(1)
  }
  await tray(win).getByRole('button', { name: 'Fold the jobs away' }).click()
  await dropFile(win, strata, join(strata.folder, 'machine.vmdk'), 'convert')
  await expect(win.getByRole('dialog', { name: 'Convert a disk' }).getByText(/VMDK/)).toBeVisible()
})

test('a source is replaced by what is proven to read the same, but not under an overlay', async ({ win, strata }) => {
  const at = (name: string): string => join(strata.folder, name)
  const before = at('before.raw')
  qemuImg('convert', '-f', 'raw', '-O', 'raw', at('card.raw'), before)
  await dropFile(win, strata, at('packed.qcow2'), 'convert')
  let sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await tick(sheet, 'Replace the source')
  await expect(sheet.getByText('top.qcow2 stands on the source and would break. Keep the source.')).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Convert and delete the source' })).toBeDisabled()
  await win.keyboard.press('Escape')

  await dropFile(win, strata, at('card.raw'), 'convert')
  sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await sheet.getByLabel('Save as').fill(at('card.raw'))
  await expect(sheet.getByText('This is the source itself. Choose another name, or replace the source under Advanced.')).toBeVisible()
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await tick(sheet, 'Replace the source')
  await expect(sheet.getByText(`strata convert -p -f raw -O qcow2 --replace-source ${at('card.raw')} ${at('card.raw')}`)).toBeVisible()
  await sheet.getByRole('button', { name: 'Convert and delete the source' }).click()
  await ended(win, 'Converted card.raw → card.raw')
  expect(qemuInfo(at('card.raw'))).toMatchObject({ format: 'qcow2' })
  expect(qemuImg('compare', before, at('card.raw'))).toContain('Images are identical')
  expect(readdirSync(strata.folder).sort()).toEqual(['before.raw', 'card.raw', 'packed.qcow2', 'top.qcow2'])
})

test('a disk is made encrypted, and converted to a plain one and back with its passphrase', async ({ win, strata }) => {
  const at = (name: string): string => join(strata.folder, name)
  const passphrase = 'correct horse battery'
  writeFileSync(at('key.txt'), passphrase)
  const secret = ['--object', `secret,id=s,file=${at('key.txt')}`]
  await win.getByRole('button', { name: 'New disk' }).first().click()
  let sheet = win.getByRole('dialog', { name: 'New disk' })
  await placeDisk(sheet, strata, 'vault.qcow2')
  await sheet.getByLabel('Size', { exact: true }).fill('1')
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await encrypt(sheet, passphrase)
  await expect(
    sheet.getByText(
      `strata create --object secret,id=sec0,file=sec0.txt -f qcow2 -o encrypt.format=luks,encrypt.key-secret=sec0 ${at('vault.qcow2')} 1G`,
    ),
  ).toBeVisible()
  await sheet.getByRole('button', { name: 'Create', exact: true }).click()
  await expect(win.getByRole('heading', { level: 1, name: 'vault.qcow2' })).toBeVisible({ timeout: 30_000 })
  expect(qemuInfo(at('vault.qcow2'))).toMatchObject({ encrypted: true })

  await win.getByRole('button', { name: 'Convert…' }).click()
  sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await expect(sheet.getByText('vault.qcow2 is encrypted. Enter its passphrase to go on.')).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Convert', exact: true })).toBeDisabled()
  await sheet.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await sheet.getByRole('button', { name: 'Unlock' }).click()
  await expect(sheet.getByText('The result is not encrypted.', { exact: false })).toBeVisible({ timeout: 20_000 })
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await ended(win, 'Converted vault.qcow2 → vault.raw')
  const opts = (name: string): string => `driver=qcow2,encrypt.key-secret=s,file.filename=${at(name)}`
  expect(qemuImg('compare', ...secret, '--image-opts', opts('vault.qcow2'), `driver=raw,file.filename=${at('vault.raw')}`)).toContain(
    'Images are identical',
  )

  await lookInside(win, strata, 'card.raw')
  await win.getByRole('button', { name: 'Convert…' }).click()
  sheet = win.getByRole('dialog', { name: 'Convert a disk' })
  await sheet.getByRole('button', { name: 'Advanced' }).click()
  await encrypt(sheet, passphrase)
  await tick(sheet, 'Verify afterwards')
  await sheet.getByRole('button', { name: 'Convert', exact: true }).click()
  await ended(win, 'Converted card.raw → card.qcow2')
  expect(qemuImg('compare', ...secret, '--image-opts', opts('card.qcow2'), `driver=raw,file.filename=${at('card.raw')}`)).toContain(
    'Images are identical',
  )
  expect(existsSync(at('card.raw'))).toBe(true)
  expect(strata.kept()).not.toContain(passphrase)
})
