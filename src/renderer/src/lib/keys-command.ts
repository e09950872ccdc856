import { lockedImage, quote, secretArguments } from './command-line.ts'

/**
 * The `strata amend` lines that change the passphrases of a disk. Where a passphrase goes stands the name of a file to put it in; changing one is
 * adding the new and removing the old.
 */
export function keysCommand(
  path: string,
  change: { do: 'add' } | { do: 'change' } | { do: 'remove'; slot: number; last: boolean },
): string {
  switch (change.do) {
    case 'add':
      return amendLine(path, 'sec0', ['sec0', 'new0'], ['encrypt.state=active', 'encrypt.new-secret=new0'])
    case 'change':
      return [
        amendLine(path, 'old0', ['old0', 'new0'], ['encrypt.state=active', 'encrypt.new-secret=new0']),
        amendLine(path, 'new0', ['old0', 'new0'], ['encrypt.state=inactive', 'encrypt.old-secret=old0']),
      ].join(' && ')
    case 'remove':
      return amendLine(path, 'sec0', ['sec0'], ['encrypt.state=inactive', `encrypt.keyslot=${change.slot}`], change.last)
  }
}

function amendLine(path: string, opens: string, ids: readonly string[], options: readonly string[], force = false): string {
  const forced = force ? ['--force'] : []
  return [
    'strata',
    'amend',
    ...secretArguments(ids),
    ...forced,
    '--image-opts',
    '-o',
    options.join(','),
    quote(lockedImage(path, opens)),
  ].join(' ')
}
