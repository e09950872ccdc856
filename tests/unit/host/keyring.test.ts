import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Keyring } from '../../../src/host/keyring.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const wiped = (passphrase: Uint8Array): boolean => passphrase.every((byte) => byte === 0)
const GONE = expect.objectContaining({ code: 'NO_PASSPHRASE' }) as Error

describe('the keyring', () => {
  it('overwrites the passphrase of an image that is locked, or unlocked anew', () => {
    const keyring = new Keyring()
    const [first, second] = [bytes('one'), bytes('two')]
    keyring.unlock('/a', first)
    expect(keyring.ofDisks()).toEqual({ '/a': bytes('one') })
    keyring.unlock('/a', second)
    expect(wiped(first)).toBe(true)
    expect(keyring.lock('/a')).toBe(true)
    expect(wiped(second)).toBe(true)
    expect(keyring.lock('/a')).toBe(false)
    expect(keyring.ofDisks()).toBeUndefined()
  })

  it('hands a held passphrase over once', () => {
    const keyring = new Keyring()
    const name = keyring.hold(bytes('new'))
    expect(keyring.take([name])).toEqual({ [name]: bytes('new') })
    expect(() => keyring.take([name])).toThrow(GONE)
  })

  it('keeps what it holds where one of the names is unknown, and passes by those of unlocked images', () => {
    const keyring = new Keyring()
    keyring.unlock('/a', bytes('disk'))
    const name = keyring.hold(bytes('new'))
    expect(() => keyring.take([name, 'constructor'])).toThrow(GONE)
    expect(Object.keys(keyring.take([name, '/a']))).toEqual([name])
    expect(keyring.unlocked).toEqual(['/a'])
  })

  it('forgets a held passphrase after a while, and everything when it is cleared', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const keyring = new Keyring(1000)
    const [late, kept, disk] = [bytes('late'), bytes('kept'), bytes('disk')]
    const name = keyring.hold(late)
    vi.advanceTimersByTime(1001)
    expect(wiped(late)).toBe(true)
    expect(() => keyring.take([name])).toThrow(GONE)
    keyring.hold(kept)
    keyring.unlock('/a', disk)
    keyring.clear()
    expect([kept, disk].every(wiped)).toBe(true)
    expect(keyring.unlocked).toEqual([])
  })

  it('does not hold without end', () => {
    const keyring = new Keyring()
    for (let held = 0; held < 100; held++) keyring.hold(bytes('x'))
    expect(() => keyring.hold(bytes('y'))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error)
    keyring.clear()
  })
})
