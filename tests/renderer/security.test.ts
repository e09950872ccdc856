import { describe, expect, it } from 'vitest'
import { keysCommand } from '../../src/renderer/src/lib/keys-command.ts'
import { passphraseStrength } from '../../src/renderer/src/lib/passphrase-strength.ts'

describe('how hard a passphrase is to guess', () => {
  it.each([
    ['', 'weak'],
    ['secret', 'weak'],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['abcdefghijklmnopqrstuvwxyz', 'weak'],
    ['Tr0ub4dor&3', 'fair'],
    ['correct horse battery staple', 'strong'],
    ['x9$Lq2!vTz7#Rm', 'strong'],
  ] as const)('%s is %s', (passphrase, strength) => expect(passphraseStrength(passphrase)).toBe(strength))
})

describe('the line that changes passphrases', () => {
  it('reads each passphrase from a file, and never has it itself', () => {
    expect(keysCommand('/vms/a,b.qcow2', { do: 'add' })).toBe(
      'strata amend --object secret,id=sec0,file=sec0.txt --object secret,id=new0,file=new0.txt --image-opts' +
        ' -o encrypt.state=active,encrypt.new-secret=new0' +
        ' driver=qcow2,file.filename=/vms/a,,b.qcow2,encrypt.key-secret=sec0',
    )
  })

  it('takes force for the last passphrase alone', () => {
    const remove = { do: 'remove', slot: 3 } as const
    expect(keysCommand('/a', { ...remove, last: false })).toBe(
      'strata amend --object secret,id=sec0,file=sec0.txt --image-opts -o encrypt.state=inactive,encrypt.keyslot=3' +
        ' driver=qcow2,file.filename=/a,encrypt.key-secret=sec0',
    )
    expect(keysCommand('/a', { ...remove, last: true })).toContain(' --force ')
  })

  it('changes one by adding the new and removing the old', () => {
    const [added, removed] = keysCommand('/a', { do: 'change' }).split(' && ')
    expect(added).toContain('encrypt.state=active,encrypt.new-secret=new0')
    expect(removed).toContain('encrypt.state=inactive,encrypt.old-secret=old0')
  })
})
