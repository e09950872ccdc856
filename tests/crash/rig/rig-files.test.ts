import { describe, expect, it } from 'vitest'
import { CI_SEED, CI_STATES } from './ci-run.ts'
import { FILE_SCENARIOS } from './file-scenarios.ts'
import { KEY_SCENARIO } from './key-scenario.ts'
import { crash } from './scenario.ts'
import { shareOf } from './scenarios.ts'

describe('the power fails while files are worked on', () => {
  it.each([...FILE_SCENARIOS, KEY_SCENARIO])(
    'every disk is as before or as after: $name',
    (scenario) => {
      const states = shareOf(scenario, CI_STATES)
      const tally = crash(scenario, { states, seed: CI_SEED })
      expect(tally.faults).toEqual([])
      expect(tally.states).toBeGreaterThanOrEqual(states)
    },
    240_000,
  )
})
