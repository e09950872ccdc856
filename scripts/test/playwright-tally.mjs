import { emptyTally, writeTally } from './tally.mjs'

/** A Playwright reporter that counts the tests for scripts/test.mjs; what a person reads comes from Playwright's own reporter. */
export default class PlaywrightTally {
  #tally = emptyTally()
  /** @type {import('@playwright/test/reporter').Suite | undefined} */
  #suite

  /**
   * @param {import('@playwright/test/reporter').FullConfig} _config
   * @param {import('@playwright/test/reporter').Suite} suite
   */
  onBegin(_config, suite) {
    this.#suite = suite
  }

  /** An error outside of any test. */
  onError() {
    this.#tally.failed++
  }

  onEnd() {
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome()
      if (outcome === 'skipped') {
        const reason = test.annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description
        this.#tally.skipped.push({ name: test.titlePath().filter(Boolean).join(' › '), reason: reason ?? 'no reason given' })
      } else if (outcome === 'unexpected') this.#tally.failed++
      else this.#tally.passed++
    }
    writeTally(this.#tally)
  }

  /** Beside this one, a reporter for people is still wanted. */
  printsToStdio() {
    return false
  }
}
