import { describe, expect, it } from 'vitest'
import type { FuzzFailure } from './campaign.ts'
import { fuzz } from './fuzz.ts'
import { allParsers } from './parsers/index.ts'

/** The same attacks each time; `STRATA_SEED` makes others, and `npm run fuzz` goes on for hours. */
const SEED = Number(process.env['STRATA_SEED'] ?? 1)
const SECONDS = 24

describe('Whatever strangers write', () => {
  it(`is answered or refused by every parser, in two seconds and 256 MiB (seed ${SEED})`, async () => {
    const failures: FuzzFailure[] = []
    const names = (await allParsers()).map(({ name }) => name)
    const scores = await fuzz(
      { seed: SEED, seconds: SECONDS, turn: (SECONDS * 1000) / names.length },
      { failed: (failure) => failures.push(failure) },
    )
    // Kept whole: what is printed here is what `npm run fuzz -- --replay` takes.
    expect(failures.map((failure) => JSON.stringify(failure))).toEqual([])
    expect(scores.map(({ parser }) => parser)).toEqual(names)
    for (const { parser, cases, answers } of scores) {
      expect(cases, parser).toBeGreaterThan(10)
      expect(answers, parser).toBeGreaterThan(1)
    }
  }, 120_000)
})
