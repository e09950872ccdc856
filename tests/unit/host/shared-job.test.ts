import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { Progress } from '../../../src/shared/model.ts'
import { SharedJob } from '../../../src/host/shared-job.ts'
import { CANCELLED, PAUSED, RUN } from '../../../src/host/thread-messages.ts'

function setUp() {
  const control = new SharedArrayBuffer(4)
  const posted: Progress[] = []
  return { word: new Int32Array(control), posted, job: new SharedJob(control, (progress) => posted.push(progress)) }
}

const at = (done: number): Progress => ({ phase: 'Copying', done, total: 1000 })

describe('a job in its thread', () => {
  it('lets out the first report at once, then ten a second, and the last always', () => {
    const { job, posted } = setUp()
    const start = performance.now()
    let done = 0
    while (performance.now() - start < 350) job.report(at(done++))
    expect(posted[0]).toEqual(at(0))
    expect(posted.length).toBeGreaterThanOrEqual(2)
    expect(posted.length).toBeLessThanOrEqual(5)
    job.report(at(1000))
    job.settle()
    expect(posted.at(-1)).toEqual(at(1000))
    const count = posted.length
    job.settle()
    expect(posted.length).toBe(count)
  })

  it('goes on while the word says so, and throws once it is cancelled', () => {
    const { job, word } = setUp()
    expect(() => job.checkpoint()).not.toThrow()
    Atomics.store(word, 0, CANCELLED)
    expect(() => job.checkpoint()).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
  })

  it('waits as long as it is asked to, or until it is cancelled, with its last report out', async () => {
    const { job, word, posted } = setUp()
    job.report(at(1))
    job.report(at(2))
    const start = performance.now()
    job.wait(60)
    expect(performance.now() - start).toBeGreaterThan(50)
    expect(posted.at(-1)).toEqual(at(2))
    const waker = new Worker(
      `const { word, next } = require('node:worker_threads').workerData
       setTimeout(() => { Atomics.store(word, 0, next); Atomics.notify(word, 0) }, 100)`,
      { eval: true, workerData: { word, next: CANCELLED } },
    )
    await new Promise((resolve) => waker.once('online', resolve))
    job.wait(60_000)
    expect(() => job.checkpoint()).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
    await waker.terminate()
  })

  it('waits while paused, with its last report out, and is woken by going on or by a cancel', async () => {
    for (const next of [RUN, CANCELLED]) {
      const { job, word, posted } = setUp()
      job.report(at(1))
      job.report(at(2))
      Atomics.store(word, 0, PAUSED)
      // Another thread moves the word while this one sleeps, as the host does.
      const waker = new Worker(
        `const { word, next } = require('node:worker_threads').workerData
         setTimeout(() => { Atomics.store(word, 0, next); Atomics.notify(word, 0) }, 100)`,
        { eval: true, workerData: { word, next } },
      )
      await new Promise((resolve) => waker.once('online', resolve))
      const start = performance.now()
      if (next === RUN) job.checkpoint()
      else expect(() => job.checkpoint()).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
      expect(performance.now() - start).toBeGreaterThan(30)
      expect(posted.at(-1)).toEqual(at(2))
      await waker.terminate()
    }
  })
})
