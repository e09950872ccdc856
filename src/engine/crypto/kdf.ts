import { StrataError, type Where } from '../../shared/errors.ts'
import type { CryptoProvider, HashName } from './crypto-provider.ts'

/** How long trying a passphrase shall take, in milliseconds, as QEMU has it. */
export const ITER_TIME = 2000
/** What QEMU never goes below. */
const MIN_ITERATIONS = 1000
/**
 * The most iterations that a header may ask for. QEMU times its own to two seconds, which is some six million on a machine of 2022; a
 * damaged or hostile header could ask for hours, in a call that can't be stopped.
 */
export const MAX_ITERATIONS = 100_000_000
/** Milliseconds after which a measurement is good enough. */
const MEASURED = 50

/** How many iterations of PBKDF2 take about `milliseconds` here, for a key of `length` bytes; within what a header may hold. */
export function timedIterations(milliseconds: number, hash: HashName, length: number, crypto: CryptoProvider): number {
  const sample = new Uint8Array(length)
  for (let count = MIN_ITERATIONS; ; count *= 4) {
    const start = performance.now()
    crypto.pbkdf2(hash, sample, sample, count, length)
    const took = performance.now() - start
    if (took >= MEASURED) return clamped((count * milliseconds) / took)
  }
}

function clamped(iterations: number): number {
  return Math.max(MIN_ITERATIONS, Math.min(MAX_ITERATIONS, Math.floor(iterations)))
}

/** Throws `CORRUPT` for no iterations, and `UNSUPPORTED` for more than any program asks for. */
export function assertIterations(iterations: number, where: Where): void {
  if (iterations === 0) throw new StrataError('CORRUPT', 'The LUKS header derives a key in no iterations', where)
  if (iterations > MAX_ITERATIONS)
    throw new StrataError(
      'UNSUPPORTED',
      `The LUKS header asks for ${iterations} iterations of key derivation, more than the ${MAX_ITERATIONS} that Strata takes`,
      where,
      'The header is damaged, or made to keep programs busy.',
    )
}
