import { StrataError } from '../../shared/errors.ts'
import type { KeyChange } from '../../shared/requests.ts'
import { passphraseNamed, type Secrets } from '../../shared/secrets.ts'
import type { Disk } from '../device/disk.ts'
import type { KeyFacet } from '../formats/driver.ts'

/** Throws where the disk has no key slots, was opened without a passphrase, or a passphrase is missing; before anything is written. */
export function assertKeyChange(disk: Disk, change: KeyChange, secrets: Secrets | undefined): void {
  slotsOf(disk)
  for (const name of namesIn(change)) passphraseOf(name, secrets, disk.path)
}

/** Adds, changes or removes passphrases of a disk that was opened with one of them. See `KeyFacet` for what each throws. */
export function changeKeys(disk: Disk, change: KeyChange, secrets: Secrets | undefined): void {
  const slots = slotsOf(disk)
  const passphrase = (name: string): Uint8Array => passphraseOf(name, secrets, disk.path)
  try {
    switch (change.do) {
      case 'add':
        slots.add(passphrase(change.secret), change)
        break
      case 'change':
        slots.change(passphrase(change.from), passphrase(change.to), change)
        break
      case 'remove':
        slots.remove({ passphrase: passphrase(change.secret) }, change.force ?? false)
        break
      case 'empty':
        slots.remove({ slot: change.slot }, change.force ?? false)
    }
  } catch (error) {
    throw error instanceof StrataError ? error.at({ path: disk.path, field: 'encrypt' }) : error
  }
}

function namesIn(change: KeyChange): string[] {
  if (change.do === 'empty') return []
  return change.do === 'change' ? [change.from, change.to] : [change.secret]
}

function passphraseOf(name: string, secrets: Secrets | undefined, path: string): Uint8Array {
  const passphrase = passphraseNamed(secrets, name)
  if (!passphrase) throw new StrataError('NO_PASSPHRASE', 'A passphrase that the change needs was not given', { path, field: 'encrypt' })
  return passphrase
}

function slotsOf({ driver, path }: Disk): KeyFacet {
  if (driver.keys) return driver.keys
  if (driver.describe().qcow2?.encrypt?.format === 'luks')
    throw new StrataError(
      'NO_PASSPHRASE',
      'The passphrases of a disk are changed by whoever has one of them',
      { path, field: 'encrypt' },
      'Give a passphrase that opens the disk.',
    )
  throw new StrataError(
    'UNSUPPORTED',
    'The disk is not encrypted with LUKS, and has no key slots',
    { path, field: 'encrypt' },
    'Convert it to an image that is encrypted with LUKS.',
  )
}
