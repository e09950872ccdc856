import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { hasProgram } from '../fixtures/programs.ts'
import { reduced } from '../fixtures/reduced.ts'
import { scratchFolder } from '../fixtures/scratch.ts'
import { type Game, playAlone, playTogether, randomGame } from './differential-game.ts'
import { rowName, ROWS } from './differential-matrix.ts'

/** STRATA_SEED begins elsewhere, STRATA_ROUNDS plays that many games of each kind, STRATA_REDUCE makes a failing game shorter before it is told. */
const SEED = Number(process.env['STRATA_SEED'] ?? 1)
const ROUNDS = Number(process.env['STRATA_ROUNDS'] ?? 1)
const REDUCE = process.env['STRATA_REDUCE'] !== undefined

const SHAPES = {
  'in turns on one image': { play: playTogether, turns: 4, alone: false },
  'each on an image of its own': { play: playAlone, turns: 2, alone: true },
}

describe.skipIf(!hasProgram('qemu-io'))('Strata and QEMU do the same random steps (needs qemu-utils)', () => {
  for (const [shape, { play, turns, alone }] of Object.entries(SHAPES))
    describe(shape, () => {
      ROWS.forEach((row, number) => {
        it(rowName(row), { timeout: 60_000 * ROUNDS }, () => {
          const folder = scratchFolder()
          for (let round = 0; round < ROUNDS; round++) {
            const seed = (SEED + round) * 1000 + number
            attempt(randomGame(row, seed, turns, alone), seed, play, join(folder, String(round)))
          }
        })
      })
    })
})

function attempt(game: Game, seed: number, play: (game: Game, folder: string) => void, folder: string): void {
  const failure = failureOf(game, play, folder)
  if (!failure) return
  let tries = 0
  const shown = REDUCE ? reduced(game, smaller, (other) => isLike(failureOf(other, play, `${folder}-${tries++}`), failure)) : game
  throw new Error(`seed ${seed}: ${failure.message}\n${JSON.stringify(shown)}`, { cause: failure })
}

function failureOf(game: Game, play: (game: Game, folder: string) => void, folder: string): Error | undefined {
  try {
    play(game, folder)
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Whether two failures are of one kind: the same words but for names and numbers. */
function isLike(left: Error | undefined, right: Error): boolean {
  const [ours, theirs] = [left, right].map((error) => error?.message.slice(0, 200).replace(/\S*\d\S*/g, ''))
  return ours === theirs
}

/** The same game without a turn, or without a step. */
function* smaller(game: Game): Generator<Game> {
  const { turns } = game
  for (const turn of turns) yield { ...game, turns: turns.filter((other) => other !== turn) }
  for (const turn of turns)
    for (const step of turn.steps)
      yield {
        ...game,
        turns: turns.map((other) => (other === turn ? { ...turn, steps: turn.steps.filter((kept) => kept !== step) } : other)),
      }
}
