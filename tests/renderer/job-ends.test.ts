import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { JobView } from '../../src/shared/api.ts'
import { JobEnds } from '../../src/renderer/src/state/job-ends.svelte.ts'
import { report } from './check-report.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function ended(id: number, status: JobView['status']): JobView {
  return {
    id,
    order: { kind: 'check', request: { path: '/vm/web.qcow2' } },
    status,
    started: 0,
    progress: { done: 0, total: 0 },
    ...(status === 'failed' && { error: { code: 'IO', message: 'The disk went away.', where: {} } }),
  } as JobView
}

it('is silent until a job ends, and of one that the person stopped', () => {
  const ends = new JobEnds()
  ends.take(ended(1, 'cancelled'))
  vi.runAllTimers()
  expect(ends.said.text).toBe('')
})

it('tells what ended, and each end anew', () => {
  const ends = new JobEnds()
  ends.take(ended(1, 'done'))
  vi.runAllTimers()
  expect(ends.said).toEqual({ turn: 1, text: 'Checked web.qcow2', failed: false })
  ends.take(ended(2, 'done'))
  vi.runAllTimers()
  expect(ends.said.turn).toBe(2)
})

it('tells what a check found, and not what a repair would leave', () => {
  const ends = new JobEnds()
  const job = { ...ended(1, 'done'), outcome: { kind: 'check' as const, result: report({ leaks: 2 }) } }
  ends.take(job)
  vi.runAllTimers()
  expect(ends.said.text).toBe('Checked web.qcow2: This disk is sound, but some space is lost.')
  ends.take({ ...job, order: { kind: 'check', request: { path: '/vm/web.qcow2', repair: 'leaks', dryRun: true } } })
  vi.runAllTimers()
  expect(ends.said.text).not.toContain('This disk')
})

it('tells a failure with its reason', () => {
  const ends = new JobEnds()
  ends.take(ended(1, 'failed'))
  vi.runAllTimers()
  expect(ends.said.failed).toBe(true)
  expect(ends.said.text).toContain('The disk went away.')
})

it('tells many ends at once in one sentence', () => {
  const ends = new JobEnds()
  for (let id = 1; id <= 40; id++) ends.take(ended(id, id % 20 === 0 ? 'failed' : 'done'))
  vi.runAllTimers()
  expect(ends.said).toEqual({ turn: 1, text: '38 jobs done, 2 jobs failed', failed: true })
})
