import { describe, expect, it } from 'vitest'
import type { JobOrder, JobOutcome, JobView } from '../../../src/shared/api.ts'
import { StrataError } from '../../../src/shared/errors.ts'
import type { CheckReport, Progress } from '../../../src/shared/model.ts'
import { Jobs } from '../../../src/host/jobs.ts'

const gate = () => ({ kind: 'follow' }) as const
const check = (path: string): JobOrder => ({ kind: 'check', request: { path } })
const convert = (from: string, to: string): JobOrder => ({
  kind: 'convert',
  request: { source: { path: from }, target: { path: to, format: 'raw' }, overwrite: false },
})
const report = { corruptions: 0, leaks: 0 } as CheckReport

/** Stands in for the threads, so that a test says when a job moves and ends. */
class Threads {
  readonly started: {
    order: JobOrder
    words: string[]
    report: (progress: Progress) => void
    end: (outcome: JobOutcome) => void
    fail: (error: unknown) => void
  }[] = []

  start(order: JobOrder, _gate: unknown, { onProgress }: { onProgress: (progress: Progress) => void }) {
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>()
    const words: string[] = []
    this.started.push({ order, words, report: onProgress, end: resolve, fail: reject })
    return { done: promise, pause: () => words.push('pause'), resume: () => words.push('resume'), cancel: () => words.push('cancel') }
  }

  async finish(at: number): Promise<void> {
    this.started[at]!.end({ kind: 'check', result: report })
    await new Promise(setImmediate)
  }
}

function setUp() {
  const threads = new Threads()
  const jobs = new Jobs(threads)
  const heard: JobView[] = []
  jobs.subscribe((view) => heard.push(view))
  return { threads, jobs, heard, states: () => jobs.list().map((job) => job.status) }
}

describe('the queue', () => {
  it('runs two at once, in the order they came', async () => {
    const { threads, jobs, states } = setUp()
    for (const name of ['a', 'b', 'c', 'd']) jobs.start(check(name), gate)
    expect(states()).toEqual(['running', 'running', 'waiting', 'waiting'])
    await threads.finish(1)
    expect(states()).toEqual(['running', 'done', 'running', 'waiting'])
    await threads.finish(0)
    await threads.finish(2)
    expect(states()).toEqual(['done', 'done', 'done', 'running'])
    expect(threads.started.map(({ order }) => order)).toEqual(['a', 'b', 'c', 'd'].map(check))
  })

  it('gives the place of a paused job to the next, and lets the paused one go on when asked', () => {
    const { threads, jobs, states } = setUp()
    for (const name of ['a', 'b', 'c']) jobs.start(check(name), gate)
    jobs.pause(1)
    expect(states()).toEqual(['paused', 'running', 'running'])
    jobs.resume(1)
    expect(states()).toEqual(['running', 'running', 'running'])
    expect(threads.started[0]!.words).toEqual(['pause', 'resume'])
  })

  it('cancels one that waits at once, and one that runs when its thread says so', async () => {
    const { threads, jobs, states } = setUp()
    for (const name of ['a', 'b', 'c']) jobs.start(check(name), gate)
    jobs.cancel(3)
    jobs.cancel(1)
    expect(states()).toEqual(['running', 'running', 'cancelled'])
    expect(threads.started[0]!.words).toEqual(['cancel'])
    threads.started[0]!.fail(new StrataError('CANCELLED', 'stopped'))
    await new Promise(setImmediate)
    expect(states()).toEqual(['cancelled', 'running', 'cancelled'])
    expect(threads.started.length).toBe(2)
  })

  it('lets requests that came too late do nothing', async () => {
    const { threads, jobs, states } = setUp()
    jobs.start(check('a'), gate)
    await threads.finish(0)
    jobs.pause(1)
    jobs.resume(1)
    jobs.cancel(1)
    expect(states()).toEqual(['done'])
    expect(threads.started[0]!.words).toEqual([])
  })

  it('takes those who wait in the order that the person made, and tells each its place', async () => {
    const { threads, jobs, heard } = setUp()
    for (const name of ['a', 'b', 'c', 'd', 'e']) jobs.start(check(name), gate)
    jobs.move(5, 3)
    expect(jobs.list().map((job) => job.place)).toEqual([undefined, undefined, 2, 3, 1])
    expect(heard.slice(-3).map((job) => [job.id, job.place])).toEqual([
      [5, 1],
      [3, 2],
      [4, 3],
    ])
    jobs.move(5)
    jobs.move(1, 3)
    jobs.move(4, 99)
    await threads.finish(0)
    await threads.finish(1)
    expect(threads.started.slice(2).map(({ order }) => order)).toEqual(['c', 'd'].map(check))
  })

  it('runs as many at once as was said, from then on', () => {
    const { jobs, states } = setUp()
    for (const name of ['a', 'b', 'c', 'd']) jobs.start(check(name), gate)
    jobs.setAtOnce(3)
    expect(states()).toEqual(['running', 'running', 'running', 'waiting'])
    jobs.setAtOnce(1)
    expect(states()).toEqual(['running', 'running', 'running', 'waiting'])
  })

  it('stands still as a whole, and goes on', () => {
    const { jobs, states } = setUp()
    for (const name of ['a', 'b', 'c']) jobs.start(check(name), gate)
    jobs.pauseAll()
    jobs.start(check('d'), gate)
    expect(states()).toEqual(['paused', 'paused', 'waiting', 'waiting'])
    jobs.resumeAll()
    expect(states()).toEqual(['running', 'running', 'waiting', 'waiting'])
  })

  it('is cancelled as a whole, and nobody who waits slips in', () => {
    const { threads, jobs, states } = setUp()
    for (const name of ['a', 'b', 'c', 'd']) jobs.start(check(name), gate)
    jobs.cancelAll()
    expect(states()).toEqual(['running', 'running', 'cancelled', 'cancelled'])
    expect(threads.started.map(({ words }) => words)).toEqual([['cancel'], ['cancel']])
  })

  it('gives again what did not come to its end, but for what needed a passphrase', async () => {
    const { threads, jobs } = setUp()
    jobs.start(check('a'), gate)
    jobs.start({ kind: 'compare', request: { left: { path: 'x', secret: 's' }, right: { path: 'y' } } }, gate)
    expect(() => jobs.orderToRetry(1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    for (const { fail } of threads.started) fail(new StrataError('IO', 'broken'))
    await new Promise(setImmediate)
    expect(jobs.orderToRetry(1)).toEqual(check('a'))
    expect(() => jobs.orderToRetry(2)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('knows no job of another number', () => {
    expect(() => setUp().jobs.pause(5)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  it('refuses a job that would get in the way of another, until that has ended', async () => {
    const { threads, jobs } = setUp()
    const IN_USE = expect.objectContaining({ code: 'IN_USE' }) as unknown
    jobs.start(convert('/a', '/b'), gate)
    expect(() => jobs.start(convert('/c', '/b'), gate)).toThrow(IN_USE)
    expect(() => jobs.start(check('/b'), gate)).toThrow(IN_USE)
    expect(() => jobs.start({ kind: 'resize', request: { path: '/a', size: 1 } }, gate)).toThrow(IN_USE)
    const replacing = { source: { path: '/a' }, target: { path: '/e', format: 'raw' }, overwrite: false, replaceSource: true } as const
    expect(() => jobs.start({ kind: 'convert', request: replacing }, gate)).toThrow(IN_USE)
    expect(() =>
      jobs.start({ kind: 'create', request: { path: '/x/o', format: 'qcow2', backing: { name: '../b' }, overwrite: false } }, gate),
    ).toThrow(IN_USE)
    jobs.start(convert('/a', '/d'), gate)
    await threads.finish(0)
    jobs.start(check('/b'), gate)
    expect(jobs.list().length).toBe(3)
  })
})

describe('a job as windows see it', () => {
  it('is told from beginning to end', async () => {
    const { threads, jobs, heard } = setUp()
    const view = jobs.start(check('a'), gate)
    expect(view).toMatchObject({ id: 1, status: 'running', order: check('a') })
    threads.started[0]!.report({ phase: 'Checking', done: 5, total: 10 })
    await threads.finish(0)
    expect(heard.map((job) => [job.status, job.progress.done])).toEqual([
      ['waiting', 0],
      ['running', 0],
      ['running', 5],
      ['done', 5],
    ])
    expect(heard.at(-1)).toMatchObject({ outcome: { kind: 'check', result: report } })
    expect(heard.at(-1)!.ended).toBeGreaterThanOrEqual(heard.at(-1)!.started)
  })

  it('fails with its error as data', async () => {
    const { threads, jobs } = setUp()
    jobs.start(check('a'), gate)
    threads.started[0]!.fail(new StrataError('NO_SPACE', 'The disk is full', { path: '/a' }, 'Make room.'))
    await new Promise(setImmediate)
    expect(jobs.list()).toMatchObject([{ status: 'failed', error: { code: 'NO_SPACE', hint: 'Make room.', where: { path: '/a' } } }])
  })

  it('is no longer told to those who stopped listening', () => {
    const { jobs } = setUp()
    const heard: JobView[] = []
    jobs.subscribe((view) => heard.push(view))()
    jobs.start(check('a'), gate)
    expect(heard).toEqual([])
  })
})

describe('ended jobs', () => {
  it('are kept up to two hundred', async () => {
    const { threads, jobs } = setUp()
    for (let n = 0; n < 205; n++) {
      jobs.start(check(`${n}`), gate)
      await threads.finish(n)
    }
    expect(jobs.list().length).toBe(200)
    expect(jobs.list()[0]!.id).toBe(6)
  })

  it('are forgotten when asked, and the others stay', async () => {
    const { threads, jobs } = setUp()
    jobs.start(check('a'), gate)
    jobs.start(check('b'), gate)
    await threads.finish(0)
    jobs.clear()
    expect(jobs.list().map((job) => job.id)).toEqual([2])
  })
})
