import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lookInside, tray } from './hands.ts'
import { expect, test } from './host.ts'
import { hasQemu, luksQcow2, NO_QEMU, qemuImg } from './images.ts'

test.skip(!hasQemu, NO_QEMU)

const FIRST = 'first-words-of-the-key'
const SECOND = 'second, other words'

/** QEMU's way to name an encrypted image and its passphrase. */
function opened(path: string, passphrase: string): string[] {
  const data = Buffer.from(passphrase).toString('base64')
  return ['--object', `secret,id=s,format=base64,data=${data}`, '--image-opts', `driver=qcow2,file.filename=${path},encrypt.key-secret=s`]
}

/** A LUKS disk of 8 MiB, whose passphrase costs little to try, with a mebibyte of data. */
function luksDisk(folder: string, name: string): string {
  const path = luksQcow2(folder, name, FIRST)
  execFileSync('qemu-io', ['-c', 'write -q -P 7 64k 1M', ...opened(path, FIRST)])
  return path
}

test.describe('an encrypted disk', () => {
  test.use({ seed: { fill: (folder: string) => void luksDisk(folder, 'safe.qcow2') } })

  test('is unlocked, gets another passphrase, loses the first, and is locked', async ({ win, strata }) => {
    test.slow() // a new passphrase is made to cost two seconds of trying
    const path = join(strata.folder, 'safe.qcow2')
    await lookInside(win, strata, 'safe.qcow2')
    await win.getByRole('tab', { name: 'Security' }).click()
    await expect(win.getByRole('heading', { name: 'Encrypted and locked' })).toBeVisible()
    await expect(win.getByText('aes-256, xts, plain64')).toBeVisible()

    const field = win.getByLabel('Passphrase', { exact: true })
    await field.fill('wrong')
    await win.getByRole('button', { name: 'Unlock' }).click()
    await expect(win.getByRole('alert').getByText('passphrase').first()).toBeVisible()
    await field.fill(FIRST)
    await win.getByRole('button', { name: 'Show the passphrase' }).click()
    await expect(field).toHaveAttribute('type', 'text')
    await win.getByRole('button', { name: 'Unlock' }).click()
    await expect(win.getByRole('heading', { name: 'Encrypted, unlocked for this session' })).toBeVisible()

    await win.getByRole('button', { name: 'Add a passphrase…' }).click()
    const adding = win.getByRole('dialog', { name: 'Add a passphrase to safe.qcow2' })
    await adding.getByLabel('New passphrase', { exact: true }).fill(SECOND)
    await adding.getByLabel('New passphrase again').fill('something else')
    await expect(adding.getByText('The two are not the same.')).toBeVisible()
    await expect(adding.getByRole('button', { name: 'Add the passphrase' })).toBeDisabled()
    await adding.getByLabel('New passphrase again').fill(SECOND)
    await expect(adding.getByText(/strata amend --object secret,id=sec0,file=sec0.txt/)).not.toContainText(SECOND)
    await adding.getByRole('button', { name: 'Add the passphrase' }).click()
    await expect(adding).toBeHidden()
    await expect(win.getByText('In use')).toHaveCount(2)
    execFileSync('qemu-io', ['-r', '-c', 'read -q -P 7 64k 1M', ...opened(path, SECOND)])

    await win.getByRole('button', { name: 'Remove the passphrase in slot 0' }).click()
    await win.getByRole('button', { name: 'Remove slot 0', exact: true }).click()
    await expect(win.getByRole('heading', { name: 'Encrypted and locked' })).toBeVisible()
    expect(() => execFileSync('qemu-io', ['-r', '-c', 'read -q 0 512', ...opened(path, FIRST)], { stdio: 'ignore' })).toThrow()

    await field.fill(SECOND)
    await win.getByRole('button', { name: 'Unlock' }).click()
    await win.getByRole('button', { name: 'Remove the passphrase in slot 1' }).click()
    const last = win.getByRole('dialog', { name: 'Remove slot 1 of safe.qcow2' })
    await expect(last.getByText(/nobody can ever read this disk again/)).toBeVisible()
    await expect(last.getByRole('button', { name: 'Remove the last passphrase' })).toBeDisabled()
    await last.getByRole('button', { name: 'Cancel' }).click()
    await win.getByRole('button', { name: 'Lock now' }).click()
    await expect(win.getByRole('heading', { name: 'Encrypted and locked' })).toBeVisible()
    await expect(tray(win)).not.toContainText(SECOND)

    const base = dirname(strata.folder)
    for (const file of readdirSync(base, { recursive: true, encoding: 'utf8' }).map((name) => join(base, name)))
      if (statSync(file).isFile())
        for (const passphrase of [FIRST, SECOND]) expect(readFileSync(file).includes(passphrase), file).toBe(false)
  })
})

/** The same disk, which held sevens when its snapshot was taken, and holds 64 KiB of eights now. */
function withSnapshot(folder: string): void {
  const path = luksDisk(folder, 'mail.qcow2')
  qemuImg('snapshot', '-c', 'before', ...opened(path, FIRST))
  execFileSync('qemu-io', ['-c', 'write -q -P 8 64k 64k', ...opened(path, FIRST)])
}

test.describe('a locked disk', () => {
  test.use({ seed: { fill: withSnapshot } })

  test('is unlocked where its snapshot is compared; then its map asks no more', async ({ win, strata }) => {
    await lookInside(win, strata, 'mail.qcow2')
    await win.getByRole('tab', { name: 'Map' }).click()
    await expect(win.getByText('Enter its passphrase to see the partitions on it.')).toBeVisible()

    await win.getByRole('button', { name: 'Compact…' }).click()
    const compact = win.getByRole('dialog', { name: /^Compact / })
    await expect(compact.getByText('mail.qcow2 is encrypted. Enter its passphrase to go on.')).toBeVisible()
    await compact.getByRole('button', { name: 'Cancel' }).click()

    await win.getByRole('tab', { name: /^Snapshots/ }).click()
    await win.getByRole('button', { name: 'More for before' }).click()
    await win.getByRole('menuitem', { name: 'Compare…' }).click()
    const sheet = win.getByRole('dialog', { name: 'Compare before' })
    await expect(sheet.getByText('mail.qcow2 is encrypted. Enter its passphrase to go on.')).toBeVisible()
    await sheet.getByLabel('Passphrase', { exact: true }).fill('wrong')
    await sheet.getByRole('button', { name: 'Unlock' }).click()
    await expect(sheet.getByRole('alert')).toBeVisible()
    await sheet.getByLabel('Passphrase', { exact: true }).fill(FIRST)
    await sheet.getByRole('button', { name: 'Unlock' }).click()
    await expect(sheet.getByText('64 KiB differ, in 1 place.')).toBeVisible()
    await expect(sheet.getByLabel('Passphrase', { exact: true })).toHaveCount(0)
    await sheet.getByRole('button', { name: 'Done' }).click()

    await win.getByRole('tab', { name: 'Map' }).click()
    await expect(win.getByText('Point at a square.')).toBeVisible()
    await expect(win.getByLabel('Passphrase', { exact: true })).toHaveCount(0)

    // Its passphrase, once entered, tells zeros from data.
    await win.getByRole('button', { name: 'Compact…' }).click()
    await expect(compact.getByText(/^strata compact -p --object secret,id=src0,file=src0\.txt --image-opts /)).toBeVisible()
    await expect(compact.getByRole('radio', { name: /without its passphrase/ })).toHaveCount(0)
    await compact.getByRole('button', { name: 'Cancel' }).click()
  })
})
