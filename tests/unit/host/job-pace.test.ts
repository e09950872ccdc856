import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JobPace } from '../../../src/host/job-pace.ts'

const MiB = 2 ** 20

describe('the pace of a job', () => {
  it('can be told after a moment, and is taken over the last seconds', () => {
    const pace = new JobPace()
    pace.take({ phase: 'Copying', done: 0, total: 1000 * MiB }, 0)
    pace.take({ phase: 'Copying', done: 10 * MiB, total: 1000 * MiB }, 100)
    expect(pace.speed).toBeUndefined()
    pace.take({ phase: 'Copying', done: 100 * MiB, total: 1000 * MiB }, 1000)
    expect(pace.speed).toBe(100 * MiB)
    expect(pace.secondsLeft).toBe(9)
    // Four seconds later, at a tenth of that: what came before counts no more.
    for (let second = 2; second <= 10; second++)
      pace.take({ phase: 'Copying', done: (100 + (second - 1) * 10) * MiB, total: 1000 * MiB }, second * 1000)
    expect(pace.speed).toBe(10 * MiB)
    expect(pace.secondsLeft).toBe(81)
  })

  it('starts anew with each phase and after a rest', () => {
    const pace = new JobPace()
    pace.take({ phase: 'Copying', done: 0, total: 10 * MiB }, 0)
    pace.take({ phase: 'Copying', done: 5 * MiB, total: 10 * MiB }, 1000)
    expect(pace.speed).toBe(5 * MiB)
    pace.rest()
    expect(pace.speed).toBeUndefined()
    pace.take({ phase: 'Copying', done: 6 * MiB, total: 10 * MiB }, 60_000)
    pace.take({ phase: 'Copying', done: 7 * MiB, total: 10 * MiB }, 61_000)
    expect(pace.speed).toBe(MiB)
    pace.take({ phase: 'Finishing', done: 7 * MiB, total: 10 * MiB }, 62_000)
    expect(pace.speed).toBeUndefined()
  })

  it('knows no time left while nothing moves', () => {
    const pace = new JobPace()
    pace.take({ phase: 'Copying', done: 5, total: 10 }, 0)
    pace.take({ phase: 'Copying', done: 5, total: 10 }, 2000)
    expect(pace.speed).toBe(0)
    expect(pace.secondsLeft).toBeUndefined()
  })

  it('never lets progress go back or past the end, whatever is reported', () => {
    const reports = fc.array(
      fc.record({ phase: fc.constantFrom('one', 'two'), done: fc.nat(2000), total: fc.integer({ min: 1, max: 1000 }) }),
    )
    fc.assert(
      fc.property(reports, (all) => {
        const pace = new JobPace()
        let share = 0
        all.forEach((report, at) => {
          pace.take(report, at * 100)
          const { done, total } = pace.progress
          expect(done).toBeLessThanOrEqual(total)
          // A smaller total can't show the same share exactly.
          expect(done / total).toBeGreaterThan(share - 1 / total)
          share = done / total
        })
      }),
    )
  })
})
