import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { unwatched } from '../../../../src/engine/base/job.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { amend } from '../../../../src/engine/operations/amend.ts'
import { create } from '../../../../src/engine/operations/create.ts'
import type { EncryptRequest } from '../../../../src/shared/model.ts'
import type { KeyChange } from '../../../../src/shared/requests.ts'
import { native } from '../../../fixtures/platform.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

const gate = { kind: 'follow' } as const
const SECRETS = { '/disk': bytesOf('first'), new: bytesOf('second'), third: bytesOf('third') }
const QUICK = { iterTime: 1 }
const LUKS: EncryptRequest = { format: 'luks', secret: '/disk', cipherAlg: 'aes-128', cipherMode: 'cbc', ...QUICK }

/** A disk, opened by the passphrase that goes by its path, and what `amend` does to its key slots. */
function disk(encrypt: EncryptRequest | 'none' = LUKS) {
  const platform = { files: new MemorySystem(), ...native }
  const request = {
    path: '/disk',
    format: 'qcow2' as const,
    size: 2 ** 20,
    overwrite: false,
    ...(encrypt !== 'none' && { qcow2: { encrypt } }),
  }
  create(platform, request, { gate, job: unwatched, secrets: SECRETS }, { staged() {}, settled() {} })
  const change = (keys: KeyChange, secrets: Record<string, Uint8Array> = SECRETS) => {
    const { info } = amend(platform, { path: '/disk', changes: { keys } }, { gate, job: unwatched, secrets })
    const luks = info.qcow2?.encrypt
    return luks?.format === 'luks' ? luks.slots.flatMap(({ active }, i) => (active ? [i] : [])) : 'none'
  }
  return { change }
}

describe('passphrases of a disk', () => {
  it('are added, to a slot of choice too', () => {
    const { change } = disk()
    expect(change({ do: 'add', secret: 'new', ...QUICK })).toEqual([0, 1])
    expect(change({ do: 'add', secret: 'third', slot: 6, ...QUICK })).toEqual([0, 1, 6])
    expect(thrown(() => change({ do: 'add', secret: 'new', slot: 6, ...QUICK }))).toMatchObject({
      code: 'EXISTS',
      where: { path: '/disk', field: 'encrypt' },
    })
    expect(change({ do: 'add', secret: 'new', slot: 6, force: true, ...QUICK })).toEqual([0, 1, 6])
  })

  it('are changed', () => {
    const { change } = disk()
    expect(change({ do: 'change', from: '/disk', to: 'new', ...QUICK })).toEqual([1])
    expect(codeOf(() => change({ do: 'add', secret: 'third', ...QUICK }))).toBe('WRONG_PASSPHRASE')
    expect(change({ do: 'add', secret: 'third', ...QUICK }, { ...SECRETS, '/disk': bytesOf('second') })).toEqual([0, 1])
  })

  it('are removed by what they are, or by their slot, but not the last of them', () => {
    const { change } = disk()
    change({ do: 'add', secret: 'new', ...QUICK })
    change({ do: 'add', secret: 'third', ...QUICK })
    expect(change({ do: 'remove', secret: 'new' })).toEqual([0, 2])
    expect(codeOf(() => change({ do: 'remove', secret: 'new' }))).toBe('WRONG_PASSPHRASE')
    expect(codeOf(() => change({ do: 'empty', slot: 1 }))).toBe('NOT_FOUND')
    expect(change({ do: 'empty', slot: 2 })).toEqual([0])
    expect(codeOf(() => change({ do: 'empty', slot: 0 }))).toBe('INVALID_ARGUMENT')
    expect(codeOf(() => change({ do: 'remove', secret: '/disk' }))).toBe('INVALID_ARGUMENT')
    expect(change({ do: 'empty', slot: 0, force: true })).toEqual([])
  })

  it('are changed only by whoever has one of them', () => {
    const { change } = disk()
    expect(codeOf(() => change({ do: 'add', secret: 'new', ...QUICK }, { new: bytesOf('second') }))).toBe('NO_PASSPHRASE')
    expect(codeOf(() => change({ do: 'add', secret: 'nobody', ...QUICK }))).toBe('NO_PASSPHRASE')
    expect(codeOf(() => change({ do: 'change', from: '/disk', to: 'nobody', ...QUICK }))).toBe('NO_PASSPHRASE')
  })

  it('are none where the disk has no LUKS header', () => {
    expect(codeOf(() => disk('none').change({ do: 'add', secret: 'new' }))).toBe('UNSUPPORTED')
    expect(codeOf(() => disk({ format: 'aes', secret: '/disk' }).change({ do: 'add', secret: 'new' }))).toBe('UNSUPPORTED')
  })
})
