// npm run crash -- --states 5000000 [--seed 1] [--scenario NAME]: power cuts by hand, for as long as wanted. Prints what each scenario did; ends with 1 for a fault.
import { parseArgs } from 'node:util'
import { SCENARIOS, shareOf } from './scenarios.ts'
import { crash } from './scenario.ts'

const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    scenario: { type: 'string', default: '' },
  },
})
const seed = Number(values.seed)
const chosen = SCENARIOS.filter(({ name }) => name.includes(values.scenario))
console.log(`seed ${seed}`)
let total = 0
for (const scenario of chosen) {
  const began = performance.now()
  const { states, runs, faults } = crash(scenario, { states: shareOf(scenario, Number(values.states)), seed })
  total += states
  console.log(`${scenario.name}: ${states} states of ${runs} runs, ${((performance.now() - began) / 1000).toFixed(1)} s`)
  for (const { seed, state, message } of faults) {
    console.error(`  FAULT --seed ${seed} --scenario '${scenario.name}': ${state}: ${message}`)
    process.exitCode = 1
  }
}
console.log(`${total} states`)
