import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JobOrder, JobOutcome } from '../../../src/shared/api.ts'
import type { CheckReport } from '../../../src/shared/model.ts'
import { StrataError } from '../../../src/shared/errors.ts'
import { JobHistory } from '../../../src/host/job-history.ts'
import { Jobs } from '../../../src/host/jobs.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const gate = () => ({ kind: 'follow' }) as const
const check = (path: string): JobOrder => ({ kind: 'check', request: { path } })

/** Jobs over threads that do nothing until the test ends them. */
function begin(folder: string) {
  const ends: PromiseWithResolvers<JobOutcome>[] = []
  const start = () => {
    const end = Promise.withResolvers<JobOutcome>()
    ends.push(end)
    return { done: end.promise, pause: () => {}, resume: () => {}, cancel: () => {} }
  }
  return { ends, jobs: new Jobs({ start }, { history: new JobHistory(folder), atOnce: 1 }) }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('jobs over the end of the program', () => {
  it('keep order, result and time, and new ones are numbered on', async () => {
    const folder = scratchFolder()
    const { jobs, ends } = begin(folder)
    jobs.start(check('/a'), gate)
    ends[0]!.resolve({ kind: 'check', result: { leaks: 3 } as CheckReport })
    await settled()
    const again = begin(folder).jobs
    expect(again.list()).toMatchObject([{ id: 1, status: 'done', order: check('/a'), outcome: { result: { leaks: 3 } } }])
    expect(again.start(check('/b'), gate).id).toBe(2)
  })

  it('are interrupted where the program was killed, and may be given again', async () => {
    const folder = scratchFolder()
    const { jobs } = begin(folder)
    jobs.start(check('/a'), gate)
    jobs.start(check('/b'), gate)
    await settled()
    const again = begin(folder).jobs
    expect(again.list().map(({ status }) => status)).toEqual(['interrupted', 'interrupted'])
    expect(again.orderToRetry(2)).toEqual(check('/b'))
  })

  it('are interrupted where it ended in order, and none begins meanwhile', async () => {
    const folder = scratchFolder()
    const { jobs, ends } = begin(folder)
    jobs.start(check('/a'), gate)
    jobs.start(check('/b'), gate)
    jobs.interrupt()
    ends[0]!.reject(new StrataError('CANCELLED', 'stopped'))
    await settled()
    expect(jobs.list().map(({ status }) => status)).toEqual(['interrupted', 'interrupted'])
    expect(ends.length).toBe(1)
  })

  it('are forgotten for good when asked', async () => {
    const folder = scratchFolder()
    const { jobs, ends } = begin(folder)
    jobs.start(check('/a'), gate)
    ends[0]!.reject(new StrataError('IO', 'broken'))
    await settled()
    jobs.clear()
    await settled()
    expect(begin(folder).jobs.list()).toEqual([])
  })

  it.each([
    ['no JSON', 'not json'],
    ['an order that is none', JSON.stringify({ jobs: [{ id: 1, order: { kind: 'format-c', request: {} }, status: 'done' }] })],
    [
      'the result of another verb',
      JSON.stringify({
        jobs: [
          {
            id: 1,
            order: check('/a'),
            status: 'done',
            progress: { phase: '', done: 0, total: 0 },
            started: 1,
            ended: 2,
            outcome: { kind: 'convert', result: {} },
          },
        ],
      }),
    ],
  ])('begin anew where the file holds %s, which is kept aside', (_what, text) => {
    const folder = join(scratchFolder(), 'data')
    mkdirSync(folder)
    writeFileSync(join(folder, 'jobs.json'), text)
    const { jobs } = begin(folder)
    expect(jobs.list()).toEqual([])
    const [kept] = readdirSync(folder)
    expect(kept).toMatch(/^jobs\.damaged-/)
    expect(jobs.keptAside).toBe(join(folder, kept!))
    expect(readFileSync(join(folder, kept!), 'utf8')).toBe(text)
  })
})
