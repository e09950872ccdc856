import { afterEach, describe, expect, it, vi } from 'vitest'
import { assertIterations, MAX_ITERATIONS, timedIterations } from '../../../../src/engine/crypto/kdf.ts'
import { nodeCrypto } from '../../../../src/engine/crypto/crypto.node.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

afterEach(() => vi.restoreAllMocks())

/** A machine on which an iteration takes so many microseconds, whatever else happens. */
function machine(microseconds: number): typeof nodeCrypto {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  return {
    ...nodeCrypto,
    pbkdf2(_hash, _passphrase, _salt, iterations, length) {
      now += (iterations * microseconds) / 1000
      return new Uint8Array(length)
    },
  }
}

describe('the number of iterations', () => {
  it('takes the time asked for', () => {
    expect(timedIterations(2000, 'sha256', 64, machine(0.5))).toBe(4_000_000)
    expect(timedIterations(10, 'sha256', 64, machine(0.5))).toBe(20_000)
  })

  it('is never below what QEMU uses, nor above what a header may ask for', () => {
    expect(timedIterations(10, 'sha256', 64, machine(10_000))).toBe(1000)
    expect(timedIterations(3_600_000, 'sha256', 64, machine(0.1))).toBe(MAX_ITERATIONS)
  })

  it('is measured on this machine', () => {
    const few = timedIterations(20, 'sha512', 64, nodeCrypto)
    expect(few).toBeGreaterThanOrEqual(1000)
    expect(timedIterations(2000, 'sha512', 64, nodeCrypto)).toBeGreaterThan(few)
  })

  it('of a header is refused where it is none, or would take hours', () => {
    expect(codeOf(() => assertIterations(0, {}))).toBe('CORRUPT')
    expect(codeOf(() => assertIterations(1, {}))).toBe('none')
    expect(codeOf(() => assertIterations(MAX_ITERATIONS, {}))).toBe('none')
    expect(codeOf(() => assertIterations(MAX_ITERATIONS + 1, {}))).toBe('UNSUPPORTED')
  })
})
