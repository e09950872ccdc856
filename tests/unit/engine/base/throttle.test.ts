import { describe, expect, it } from 'vitest'
import { Throttle } from '../../../../src/engine/base/throttle.ts'
import { StrataError } from '../../../../src/shared/errors.ts'
import { thrown } from '../../../fixtures/thrown.ts'

/** A job whose clock stands unless it waits. */
function bench() {
  let now = 0
  let cancelled = false
  const job = {
    checkpoint() {
      if (cancelled) throw new StrataError('CANCELLED', 'The job was cancelled')
    },
    report() {},
    wait: (milliseconds: number) => void (now += Math.min(milliseconds, 100)),
  }
  return { job, clock: () => now, cancel: () => (cancelled = true), pass: (milliseconds: number) => (now += milliseconds) }
}

describe('a throttle', () => {
  it('lets the first bytes through at once, and the next when those are paid for', () => {
    const { job, clock } = bench()
    const throttle = new Throttle(job, 1000, clock)
    throttle.pass(500)
    expect(clock()).toBe(0)
    throttle.pass(500)
    expect(clock()).toBe(500)
    throttle.pass(1)
    expect(clock()).toBe(1000)
  })

  it('saves nothing up while the job does something else', () => {
    const { job, clock, pass } = bench()
    const throttle = new Throttle(job, 1000, clock)
    throttle.pass(100)
    pass(60_000)
    throttle.pass(1000)
    throttle.pass(1)
    expect(clock()).toBe(61_000)
  })

  it('stops where the job is stopped, however much is due', () => {
    const { job, clock, cancel } = bench()
    const throttle = new Throttle(job, 1, clock)
    throttle.pass(2 ** 30)
    cancel()
    expect(thrown(() => throttle.pass(1))).toMatchObject({ code: 'CANCELLED' })
    expect(clock()).toBeLessThan(1000)
  })

  it('of no rate never waits', () => {
    const { job, clock } = bench()
    const throttle = new Throttle(job, 0, clock)
    for (let i = 0; i < 5; i++) throttle.pass(2 ** 40)
    expect(clock()).toBe(0)
  })
})
