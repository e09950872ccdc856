// npm test: sets up what the tests need, runs every one of them, and ends with the line "N passed, N failed, N skipped".
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { electronBinary, systemChromium } from './binaries.mjs'
import { environment, NO_NODE, root, suitableNode } from './node24.mjs'
import { run } from './run.mjs'
import { setUpSystem } from './test/system.mjs'
import { addUp, emptyTally, readTally, TALLY_FILE } from './test/tally.mjs'

/** @typedef {import('./test/tally.mjs').Tally} Tally */

/** Longer than any step takes on a busy machine; a step that hangs must not hang the whole. */
const STEP_LIMIT_MS = 25 * 60_000

const scratch = mkdtempSync(join(tmpdir(), 'strata-test-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

// Who stops the tests means all of them, not the step that is running.
let stopped = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (stopped = true))

if (suitableNode() === undefined) {
  console.error(NO_NODE)
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
setUpSystem()

const tallies = [
  await plain('format', 'prettier', '--check', '--log-level', 'warn', '.'),
  await plain('lint', 'eslint', '--max-warnings', '0', '.'),
  await plain('types of the engine, the host and the tests', 'tsc', '-p', 'tsconfig.node.json'),
  await plain('types of the end-to-end tests', 'tsc', '-p', 'tsconfig.e2e.json'),
  await plain('types of the window', 'svelte-check', '--tsconfig', 'tsconfig.web.json', '--fail-on-warnings', '--output', 'human'),
  await plain('build', 'electron-vite', 'build', '--logLevel', 'warn'),
  await counted('unit', 'vitest', 'run', '--reporter=default', '--reporter=./scripts/test/vitest-tally.mjs'),
  await endToEnd(),
]
const { passed, failed, skipped } = addUp(tallies)
if (skipped.length > 0) console.log('\nSkipped:')
for (const { name, reason } of skipped) console.log(`  ${name}: ${reason}`)
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`)
process.exitCode = failed === 0 ? 0 : 1

/**
 * Runs the window's tests, under a display of its own where Electron takes part and the machine has none.
 *
 * @returns {Promise<Tally>}
 */
async function endToEnd() {
  if (!existsSync(chromium.executablePath()) && systemChromium() === undefined)
    return { ...emptyTally(), skipped: [{ name: 'the window, end to end', reason: 'no Chromium on this machine' }] }
  const tests = ['playwright', 'test', '--reporter=list,./scripts/test/playwright-tally.mjs']
  const needsDisplay = electronBinary() !== undefined && process.platform === 'linux' && !process.env['DISPLAY']
  return counted('end to end', ...(needsDisplay ? ['xvfb-run', '-a', ...tests] : tests))
}

/**
 * A step that passes or fails as a whole.
 *
 * @param {string} name
 * @param {string[]} command
 * @returns {Promise<Tally>}
 */
async function plain(name, ...command) {
  const code = await timed(name, command, {})
  return code === 0 ? { ...emptyTally(), passed: 1 } : { ...emptyTally(), failed: 1 }
}

/**
 * A step whose reporter counts its tests. One that fails without a failed test, or never came to count, is one failure.
 *
 * @param {string} name
 * @param {string[]} command
 * @returns {Promise<Tally>}
 */
async function counted(name, ...command) {
  const file = join(scratch, `${name}.json`)
  const code = await timed(name, command, { [TALLY_FILE]: file })
  const tally = readTally(file) ?? emptyTally()
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
}

/**
 * @param {string} name
 * @param {string[]} command
 * @param {Record<string, string>} variables
 */
async function timed(name, command, variables) {
  const [program = '', ...args] = command
  console.log(`\n── ${name}`)
  const start = Date.now()
  const code = await run(program, args, {
    cwd: root,
    env: { ...environment(), ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: STEP_LIMIT_MS,
  })
  if (stopped) process.exit(130)
  console.log(`── ${name}: ${code === 0 ? 'passed' : `failed (exit code ${code})`} after ${((Date.now() - start) / 1000).toFixed(1)} s`)
  return code
}
