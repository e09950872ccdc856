import { describe, expect, it } from 'vitest'
import type { Client, JobView, WindowApi, WindowEvents } from '../../src/shared/api.ts'
import type { Host } from '../../src/renderer/src/api.ts'
import { Jobs } from '../../src/renderer/src/state/jobs.svelte.ts'

const ORDER = { kind: 'check', request: { path: '/a.qcow2' } } as const

function view(more: Partial<JobView> = {}): JobView {
  return { id: 1, order: ORDER, status: 'running', progress: { phase: 'Reading', done: 0, total: 100 }, started: 0, ...more }
}

/** A host that answers `startJob` with a running job, and tells what the test says. */
function stage(): { jobs: Jobs; tell: (job: JobView) => void } {
  let hear: ((job: JobView) => void) | undefined
  const client = { startJob: () => Promise.resolve(view()), jobs: () => Promise.resolve([view()]) } as unknown as Client<WindowApi>
  const host: Host = {
    client,
    on: <E extends keyof WindowEvents>(event: E, listener: (data: WindowEvents[E]) => void) => {
      if (event === 'job') hear = listener as (job: JobView) => void
    },
    onLink: () => {},
    pathForFile: () => null,
  }
  const jobs = new Jobs(host)
  return { jobs, tell: (job) => hear?.(job) }
}

describe('jobs as the window sees them', () => {
  it('lets no bar go back, also over a change of phase', () => {
    const { jobs, tell } = stage()
    const shares = [20, 60, 40, 80].map((done) => {
      const job = view({ progress: { phase: done === 40 ? 'Writing' : 'Reading', done, total: 100 } })
      tell(job)
      return jobs.share(job)
    })
    expect(shares).toEqual([0.2, 0.6, 0.6, 0.8])
  })

  it('can not tell a share before there is a total', () => {
    const { jobs, tell } = stage()
    const job = view({ progress: { phase: '', done: 0, total: 0 } })
    tell(job)
    expect(jobs.share(job)).toBeUndefined()
  })

  it('answers a run when its job has ended, and not before', async () => {
    const { jobs, tell } = stage()
    const run = jobs.run(ORDER)
    await Promise.resolve()
    tell(view({ id: 2, status: 'done' }))
    tell(view({ status: 'cancelled', ended: 9 }))
    expect(await run).toMatchObject({ id: 1, status: 'cancelled' })
  })

  it('tells the end once, and takes no news of an ended job', () => {
    const { jobs, tell } = stage()
    const ended: number[] = []
    jobs.onEnd((job) => ended.push(job.id))
    tell(view())
    tell(view({ status: 'failed' }))
    tell(view({ status: 'running' }))
    expect(ended).toEqual([1])
    expect(jobs.active).toEqual([])
    expect(jobs.ended.map((job) => job.status)).toEqual(['failed'])
  })

  it('finds the running check of an image', async () => {
    const { jobs } = stage()
    await jobs.load()
    expect(jobs.checkOf('/a.qcow2')?.id).toBe(1)
    expect(jobs.checkOf('/b.qcow2')).toBeUndefined()
  })
})
