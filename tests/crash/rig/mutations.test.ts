import { describe, expect, it } from 'vitest'
import { Random } from '../../fixtures/random.ts'
import { FILE_SCENARIOS } from './file-scenarios.ts'
import { IMAGE_SCENARIOS } from './image-scenarios.ts'
import { countsBeforeEntries, flushesOf, swapped, withoutCall } from './mutations.ts'
import { crash, type Scenario } from './scenario.ts'

const SEED = 3

function scenarioNamed(name: string): Scenario {
  return [...IMAGE_SCENARIOS, ...FILE_SCENARIOS].find((one) => one.name === name)!
}

/** Whether the rig finds something wrong with one run of a scenario that has a bug. */
function caught(scenario: Scenario, mutate: Parameters<typeof crash>[1]['mutate']): boolean {
  return crash(scenario, { states: 1, seed: SEED, ...(mutate && { mutate }) }).faults.length > 0
}

function recordOf(scenario: Scenario): ReturnType<Scenario['record']> {
  return scenario.record(new Random(SEED * 7919))
}

describe('the rig finds a bug that was put in', () => {
  const allocate = scenarioNamed('allocate')

  it('and finds nothing where there is none', () => {
    expect(caught(allocate, undefined)).toBe(false)
  })

  it('an L2 entry is published before its count', () => {
    const { calls, start } = recordOf(allocate)
    const pairs = countsBeforeEntries(calls, start)
    const found = pairs.filter((pair) => caught(allocate, (list) => swapped(list, pair)))
    expect(pairs.length).toBeGreaterThan(1)
    expect(found.length).toBeGreaterThan(0)
  })

  // Not every flush is needed every time: the last two of a session, say, may have nothing between them.
  it.each([
    ['allocate', 4],
    ['convert, and the source goes', 2],
    ['commit', 2],
  ])('one flush is skipped: %s', (name, least) => {
    const scenario = scenarioNamed(name)
    const flushes = flushesOf(recordOf(scenario).calls)
    const found = flushes.filter((index) => caught(scenario, (calls) => withoutCall(calls, index)))
    expect(found.length).toBeGreaterThanOrEqual(least)
  })
})
