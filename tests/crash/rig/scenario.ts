import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { Random } from '../../fixtures/random.ts'
import { type CrashState, crashStates } from './crash-states.ts'
import type { DiskCall, DiskImage } from './recorded-system.ts'

/** What a run of a scenario asked of the disk, and who judges what a power cut leaves of it after so many calls: throws for what is lost or damaged. */
export interface Recording {
  start: DiskImage
  calls: readonly DiskCall[]
  judge: (left: Map<string, MemoryStorage>, at: number) => void
}

export interface Scenario {
  name: string
  /** its share of the states of a run: 1 where absent, less where a state is dear to judge */
  share?: number
  /** states of one moment, at most: 48 where absent */
  most?: number
  record: (random: Random) => Recording
}

/** What a power cut damaged; enough to see it again. */
export interface Fault {
  scenario: string
  seed: number
  state: string
  message: string
}

export interface Tally {
  states: number
  runs: number
  faults: Fault[]
}

export interface RigOptions {
  /** crash states to judge, at least */
  states: number
  /** of the first run; each further one takes the next */
  seed: number
  /** at so many faults the scenario ends; 1 where absent */
  faults?: number
  /** changes the record of a run before the power is cut, as a bug would */
  mutate?: (calls: DiskCall[], start: DiskImage) => DiskCall[]
  /** hears of each state that was judged */
  seen?: (state: CrashState) => void
}

/** Runs a scenario again and again, each time with another seed, and judges what power cuts leave of it, until enough states were seen. */
export function crash(
  scenario: Scenario,
  { states, seed, faults: enough = 1, mutate = (calls) => calls, seen = () => {} }: RigOptions,
): Tally {
  const tally: Tally = { states: 0, runs: 0, faults: [] }
  for (; tally.states < states; tally.runs++) {
    const random = new Random((seed + tally.runs) * 7919)
    const { start, calls, judge } = scenario.record(random)
    for (const state of crashStates(start, mutate([...calls], start), scenario.most ?? 48, random)) {
      tally.states++
      seen(state)
      try {
        judge(state.left, state.at)
      } catch (error) {
        tally.faults.push({ scenario: scenario.name, seed: seed + tally.runs, state: state.name, message: String(error) })
        if (tally.faults.length >= enough) return tally
      }
    }
  }
  return tally
}
