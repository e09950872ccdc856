import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * What a step of the tests came to. A skipped test carries its reason.
 *
 * @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string }[] }} Tally
 */

/** The environment variable that tells a reporter which file its tally goes to. */
export const TALLY_FILE = 'STRATA_TALLY_FILE'

/** A tally of nothing. @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: [] }
}

/** Writes a reporter's tally where the step that started it looks. @param {Tally} tally */
export function writeTally(tally) {
  const file = process.env[TALLY_FILE]
  if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
}

/** The tally that a reporter wrote, or undefined if it never came to that. @param {string} file @returns {Tally | undefined} */
export function readTally(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** The sum of tallies. @param {readonly Tally[]} tallies @returns {Tally} */
export function addUp(tallies) {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  }
}
