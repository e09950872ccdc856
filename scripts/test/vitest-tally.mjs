import { emptyTally, writeTally } from './tally.mjs'

/** A vitest reporter that counts the tests for scripts/test.mjs; what a person reads comes from vitest's own reporter. */
export default class VitestTally {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const tally = emptyTally()
    tally.failed += unhandledErrors.length
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') tally.passed++
        else if (result.state === 'skipped')
          tally.skipped.push({ name: `${module.relativeModuleId}: ${test.fullName}`, reason: result.note ?? 'no reason given' })
        else failed++
      }
      // A set-up that broke fails its group without failing a test, and a file that can't be loaded has no tests.
      for (const suite of [module, ...module.children.allSuites()]) failed += suite.errors().length
      tally.failed += failed === 0 && !module.ok() ? 1 : failed
    }
    writeTally(tally)
  }
}
