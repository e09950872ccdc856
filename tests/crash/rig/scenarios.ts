import { FILE_SCENARIOS } from './file-scenarios.ts'
import { IMAGE_SCENARIOS } from './image-scenarios.ts'
import { KEY_SCENARIO } from './key-scenario.ts'
import type { Scenario } from './scenario.ts'

/** All that the rig cuts the power of. */
export const SCENARIOS: Scenario[] = [...IMAGE_SCENARIOS, ...FILE_SCENARIOS, KEY_SCENARIO]

/** How many of `total` states a scenario gets, so that all together get that many. */
export function shareOf({ share = 1 }: Scenario, total: number): number {
  return Math.ceil((total * share) / SCENARIOS.reduce((sum, one) => sum + (one.share ?? 1), 0))
}
