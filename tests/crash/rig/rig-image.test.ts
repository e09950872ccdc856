import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { hasProgram } from '../../fixtures/programs.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'
import { IMAGE_SCENARIOS } from './image-scenarios.ts'
import { openDriver } from './judge-image.ts'
import { crash } from './scenario.ts'
import { shareOf } from './scenarios.ts'
import { CI_SEED, CI_STATES } from './ci-run.ts'

/** Of so many states one goes through qemu-img too. */
const EACH = 3000

describe('the power fails while an image is written', () => {
  it.each(IMAGE_SCENARIOS)(
    'nothing that was flushed is lost, and leaks at most are left: $name',
    (scenario) => {
      const states = shareOf(scenario, CI_STATES)
      const sample: MemoryStorage[] = []
      const tally = crash(scenario, {
        states,
        seed: CI_SEED,
        seen: ({ left }) => {
          if (++seen % EACH === 0) sample.push(left.get('/image')!)
        },
      })
      expect(tally.faults).toEqual([])
      expect(tally.states).toBeGreaterThanOrEqual(states)
      for (const image of sample) assertQemuSound(image)
    },
    240_000,
  )
})

let seen = 0

/** What the dirty bit announces is mended by an opening for writing, and version 2 has none: of those qemu-img counts errors that are known. */
function assertQemuSound(image: MemoryStorage): void {
  const { qcow2: details } = openDriver(image, false).describe()
  if (!hasProgram('qemu-img') || details?.dirty || details?.compat === '0.10') return
  const file = join(scratchFolder(), 'crashed.qcow2')
  const bytes = new Uint8Array(image.size)
  image.readAt(0, bytes)
  writeFileSync(file, bytes)
  const { corruptions = 0, 'check-errors': errors } = qemuCheck(file)
  expect({ corruptions, errors }).toEqual({ corruptions: 0, errors: 0 })
}

function qemuCheck(file: string): { corruptions?: number; 'check-errors': number } {
  const run = (): string => {
    try {
      return execFileSync('qemu-img', ['check', '--output=json', '-f', 'qcow2', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    } catch (error) {
      // Its exit code tells of leaks too.
      if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return error.stdout
      throw error
    }
  }
  return JSON.parse(run()) as { corruptions?: number; 'check-errors': number }
}
