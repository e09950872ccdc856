import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../fixtures/random.ts'

/** Lengths of what is repeated: primes, so that no two clusters hold the same, some short enough to pack well. */
const PERIODS = [4093, 31, 1021, 7, 2039, 61, 509, 251] as const
export const NOISES = PERIODS.length

const NOISE = PERIODS.map((period, i) => new Random(i + 1).bytes(period).map((byte) => byte || 1))

/** The bytes that noise `number` writes: none of them 0, and the same whoever writes them. */
export function noise(number: number, length: number): Uint8Array {
  const word = NOISE[number]!
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += word.length) bytes.set(word.subarray(0, length - at), at)
  return bytes
}

/** The file that makes qemu-io write noise `number`. */
export function noiseFile(folder: string, number: number): string {
  return join(folder, `noise-${number}`)
}

export function writeNoiseFiles(folder: string): void {
  NOISE.forEach((word, number) => writeFileSync(noiseFile(folder, number), word))
}
