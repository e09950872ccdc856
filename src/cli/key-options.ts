import type { KeyChange } from '../shared/requests.ts'
import { readOptionValue } from './creation-options.ts'
import { Failure, refusal } from './failure.ts'

/** Options of `amend` that change the passphrases of an encrypted image, and what they are. */
export const KEY_OPTIONS = {
  'encrypt.iter-time': 'Milliseconds that trying the new passphrase takes',
  'encrypt.keyslot': 'The key slot to change: 0 to 7',
  'encrypt.new-secret': 'The id of the secret that is the new passphrase',
  'encrypt.old-secret': 'The id of the secret whose key slots are emptied',
  'encrypt.state': 'active: fill a key slot; inactive: empty it',
} as const

/** The change of key slots that the settings of a command line ask for, if any. Throws in qemu-img's words for what does not go together. */
export function keyChangeOf(settings: ReadonlyMap<string, string>, force: boolean): KeyChange | undefined {
  if (!Object.keys(KEY_OPTIONS).some((name) => settings.has(name))) return undefined
  const state = settings.get('encrypt.state')
  if (state === undefined) throw new Failure("Parameter 'state' is missing")
  const slot = countOf(settings, 'encrypt.keyslot')
  const iterTime = countOf(settings, 'encrypt.iter-time')
  const [created, old] = ['encrypt.new-secret', 'encrypt.old-secret'].map((name) => settings.get(name))
  if (state === 'active') {
    if (created === undefined) throw new Failure("'new-secret' is required to activate a keyslot")
    if (old !== undefined) throw new Failure("'old-secret' must not be given when activating keyslots")
    return { do: 'add', secret: created, force, ...(slot !== undefined && { slot }), ...(iterTime !== undefined && { iterTime }) }
  }
  if (state !== 'inactive') throw new Failure(`Parameter 'state' does not accept value '${state}'`)
  if (created !== undefined) throw new Failure("'new-secret' must not be given when erasing keyslots")
  if (iterTime !== undefined) throw new Failure("'iter-time' must not be given when erasing keyslots")
  if (slot !== undefined && old !== undefined) throw refusal('a keyslot and its old-secret together', 'Name one of the two.')
  if (slot !== undefined) return { do: 'empty', slot, force }
  if (old !== undefined) return { do: 'remove', secret: old, force }
  throw new Failure('To erase keyslot(s), either explicit keyslot index or the password currently contained in them must be given')
}

function countOf(settings: ReadonlyMap<string, string>, name: keyof typeof KEY_OPTIONS): number | undefined {
  const value = settings.get(name)
  return value === undefined ? undefined : Number(readOptionValue('number', name, value))
}
