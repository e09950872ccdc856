import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { Campaign, type FuzzFailure } from './campaign.ts'
import { outcome, parser, type Parser } from './parser.ts'

/** Numbers that grow; what `run` does with one is the test's. */
function counting(run: (input: number) => string): Parser {
  return parser<number>({ name: 'counting', kept: [1], change: (input, other, random) => Math.max(input, other) + random.below(2), run })
}

async function attack(target: Parser, seed = 1): Promise<{ failures: FuzzFailure[]; inputs: unknown[] }> {
  const failures: FuzzFailure[] = []
  const inputs: unknown[] = []
  await new Campaign(target, seed).run(
    300,
    (input) => inputs.push(input),
    (failure) => failures.push(failure),
  )
  return { failures, inputs }
}

describe('An attack', () => {
  it('builds on inputs that reached something new, and comes where chance alone does not', async () => {
    const { failures } = await attack(
      counting((input) => {
        if (input === 20) throw new TypeError('twenty')
        return String(input)
      }),
    )
    expect(failures).toEqual([{ parser: 'counting', what: expect.stringContaining('TypeError: twenty') as string, input: 20 }])
  })

  it('takes a StrataError for an answer, and no other error, nor one that Strata itself calls a mistake', () => {
    expect(outcome(() => 5)).toBe('ok')
    expect(
      outcome(() => {
        throw new StrataError('CORRUPT', 'Cluster 77 is broken', { field: 'l1[3]' })
      }),
    ).toBe('CORRUPT l#[#] Cluster # is broken'.replace('l#', 'l#'))
    for (const error of [new RangeError('x'), new StrataError('BUG', 'x')])
      expect(() =>
        outcome(() => {
          throw error
        }),
      ).toThrow('x')
  })

  it('tells an input that takes too much memory', async () => {
    const held: Uint8Array[] = []
    const { failures } = await attack(
      counting((input) => {
        if (input === 5) held.push(new Uint8Array(300 * 2 ** 20).fill(1))
        held.length = 0
        return String(input)
      }),
    )
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures) expect(failure).toMatchObject({ what: expect.stringContaining('MiB of memory') as string, input: 5 })
  })

  it('is the same for the same seed', async () => {
    const one = await attack(counting(String), 7)
    const two = await attack(counting(String), 7)
    const other = await attack(counting(String), 8)
    // How far each comes depends on the machine.
    const least = Math.min(...[one, two, other].map(({ inputs }) => inputs.length), 100)
    const start = (inputs: unknown[]): unknown[] => inputs.slice(0, least)
    expect(start(one.inputs)).toEqual(start(two.inputs))
    expect(start(one.inputs)).not.toEqual(start(other.inputs))
  })
})
