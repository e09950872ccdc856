import { describe, expect, it } from 'vitest'
import { keyChangeOf } from '../../../src/cli/key-options.ts'

const asked = (options: Record<string, string>, force = false) =>
  keyChangeOf(new Map(Object.entries(options).map(([name, value]) => [name.includes('.') ? name : `encrypt.${name}`, value])), force)

describe('the options of amend that change passphrases', () => {
  it('ask for nothing where there are none', () => {
    expect(asked({ 'general.compat': '1.1' })).toBeUndefined()
  })

  it.each([
    [
      { state: 'active', 'new-secret': 'n' },
      { do: 'add', secret: 'n', force: false },
    ],
    [
      { state: 'active', 'new-secret': 'n', keyslot: '0x5', 'iter-time': '10' },
      { do: 'add', secret: 'n', slot: 5, iterTime: 10, force: false },
    ],
    [
      { state: 'inactive', keyslot: '3' },
      { do: 'empty', slot: 3, force: false },
    ],
    [
      { state: 'inactive', 'old-secret': 'o' },
      { do: 'remove', secret: 'o', force: false },
    ],
  ])('%o', (options: Record<string, string>, change) => {
    expect(asked(options)).toEqual(change)
    expect(asked(options, true)).toEqual({ ...change, force: true })
  })

  it.each([
    [{ 'new-secret': 'n' }, "Parameter 'state' is missing"],
    [{ state: 'bogus' }, "Parameter 'state' does not accept value 'bogus'"],
    [{ state: 'active' }, "'new-secret' is required to activate a keyslot"],
    [{ state: 'active', 'new-secret': 'n', 'old-secret': 'o' }, "'old-secret' must not be given when activating keyslots"],
    [{ state: 'active', 'new-secret': 'n', keyslot: 'abc' }, "Parameter 'encrypt.keyslot' expects a number"],
    [{ state: 'active', 'new-secret': 'n', 'iter-time': '-1' }, "Parameter 'encrypt.iter-time' expects a number"],
    [{ state: 'inactive', 'new-secret': 'n' }, "'new-secret' must not be given when erasing keyslots"],
    [{ state: 'inactive', keyslot: '1', 'iter-time': '5' }, "'iter-time' must not be given when erasing keyslots"],
    [{ state: 'inactive' }, 'To erase keyslot(s), either explicit keyslot index or the password currently contained in them must be given'],
    [{ state: 'inactive', keyslot: '1', 'old-secret': 'o' }, 'keyslot and its old-secret'],
  ])('%o are refused in qemu-img’s words', (options: Record<string, string>, words) => {
    expect(() => asked(options)).toThrow(words)
  })
})
