import { describe, expect, it } from 'vitest'
import type { JobView } from '../../src/shared/api.ts'
import type { CheckRequest } from '../../src/shared/requests.ts'
import { checkHistory } from '../../src/renderer/src/lib/check-history.ts'
import { repairScope } from '../../src/renderer/src/lib/repair-scope.ts'
import { repairLeaves, repairMends } from '../../src/renderer/src/lib/repair-words.ts'
import { report } from './check-report.ts'

const PATH = '/a.qcow2'
const HEALTHY = { dirty: false }
const QCOW2 = {
  compat: '1.1',
  compressionType: 'zlib',
  lazyRefcounts: false,
  refcountBits: 16,
  dirty: false,
  extendedL2: false,
  fileLength: 0,
} as const

function ended(id: number, request: Partial<CheckRequest> = {}, more: Partial<JobView> = {}): JobView {
  return {
    id,
    order: { kind: 'check', request: { path: PATH, ...request } },
    status: 'done',
    progress: { phase: '', done: 1, total: 1 },
    started: 0,
    ended: id,
    outcome: { kind: 'check', result: report({ path: PATH, leaks: id }) },
    ...more,
  }
}

const REHEARSAL = { repair: 'all', dryRun: true } as const

describe('what checks and repairs say of a disk', () => {
  it('takes no rehearsal for what the disk is', () => {
    const { last, plan } = checkHistory([ended(2, REHEARSAL), ended(1)], PATH)
    expect(last).toMatchObject({ job: { id: 1 }, report: { leaks: 1 } })
    expect(plan).toMatchObject({ job: { id: 2 }, repair: 'all', report: { leaks: 2 } })
  })

  it('shows no plan that a check or a repair has overtaken', () => {
    expect(checkHistory([ended(3), ended(2, REHEARSAL), ended(1)], PATH)).not.toHaveProperty('plan')
    const repaired = checkHistory([ended(3, { repair: 'all' }), ended(2, REHEARSAL), ended(1)], PATH)
    expect(repaired).not.toHaveProperty('plan')
    expect(repaired.last).toMatchObject({ job: { id: 3 }, repair: 'all' })
  })

  it('passes over cancelled jobs and other disks, and keeps one that failed', () => {
    const jobs = [ended(4, {}, { status: 'cancelled' }), ended(3, { path: '/b.qcow2' }), ended(2, REHEARSAL), ended(1)]
    const [, , rehearsal] = jobs
    const { outcome: _, ...failed } = rehearsal!
    jobs[2] = { ...failed, status: 'failed' }
    const history = checkHistory(jobs, PATH)
    expect(history.last?.job.id).toBe(1)
    expect(history.plan?.job.status).toBe('failed')
    expect(history.plan).not.toHaveProperty('report')
  })
})

describe('how much a repair has to touch', () => {
  it.each([
    ['nothing wrong', report(), undefined],
    ['lost clusters alone', report({ leaks: 2 }), 'leaks'],
    ['a contradiction among lost clusters', report({ leaks: 2, corruptions: 1 }), 'all'],
    ['what could not be read', report({ checkErrors: 1 }), 'all'],
  ])('%s', (_, found, scope) => expect(repairScope(found, HEALTHY)).toBe(scope))

  it('a mark alone asks for a whole repair', () => {
    expect(repairScope(report(), { dirty: true })).toBe('all')
    expect(repairScope(report({ leaks: 1 }), { dirty: false, qcow2: { ...QCOW2, corrupt: true } })).toBe('all')
  })
})

describe('a repair in words', () => {
  it('tells what is mended and what is left, the gravest first', () => {
    const plan = report({ corruptionsFixed: 1, leaksFixed: 3, checkErrors: 2, leaks: 1 })
    expect(repairMends(plan, HEALTHY)).toEqual([
      '1 contradiction between its tables is put right.',
      '3 lost clusters go back to the image as free room (192 KiB).',
    ])
    expect(repairLeaves(plan)).toEqual(['2 parts that can’t be read.', '1 lost cluster (64 KiB).'])
  })

  it('takes the marks off a sound image alone', () => {
    const marked = { dirty: true, qcow2: { ...QCOW2, corrupt: true } }
    expect(repairMends(report(), marked)).toHaveLength(2)
    expect(repairMends(report({ corruptions: 1 }), marked)).toEqual([])
  })
})
