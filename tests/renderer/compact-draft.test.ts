import { describe, expect, it } from 'vitest'
import type { JobOrder, JobView } from '../../src/shared/api.ts'
import type { DiskInfo } from '../../src/shared/model.ts'
import type { CompactRequest } from '../../src/shared/requests.ts'
import { CompactDraft } from '../../src/renderer/src/state/compact-draft.svelte.ts'
import type { Jobs } from '../../src/renderer/src/state/jobs.svelte.ts'
import { words } from '../../src/renderer/src/words/en.ts'

const INFO: DiskInfo = {
  path: '/my disks/a.qcow2',
  format: 'qcow2',
  virtualSize: 2 ** 30,
  actualSize: 1000,
  dirty: false,
  encrypted: false,
  snapshots: [],
  modified: 0,
  qcow2: {
    compat: '1.1',
    compressionType: 'zlib',
    lazyRefcounts: false,
    refcountBits: 16,
    corrupt: false,
    dirty: false,
    extendedL2: false,
    fileLength: 1000,
  },
}

/** What a rehearsal of each way answers: the size afterwards, or the field that refuses it; a way that is not named never ends. */
type Answers = { inPlace?: number | string; rewrite?: number | string; compressed?: number | string }

function stage(answers: Answers, info = INFO): { draft: CompactDraft; started: CompactRequest[]; cancelled: number[] } {
  const started: CompactRequest[] = []
  const cancelled: number[] = []
  const view = (order: JobOrder): JobView => ({
    id: started.length,
    order,
    status: 'running',
    progress: { phase: '', done: 0, total: 0 },
    started: 0,
  })
  const end = (id: number): Promise<JobView> => {
    const request = started[id - 1]!
    const answer = answers[request.how === 'in-place' ? 'inPlace' : request.compress ? 'compressed' : 'rewrite']
    if (answer === undefined) return new Promise(() => {})
    const job = view({ kind: 'compact', request })
    if (typeof answer === 'number')
      return Promise.resolve({
        ...job,
        status: 'done',
        outcome: { kind: 'compact', result: { info: INFO, before: 1000, after: answer, zeros: 0 } },
      })
    return Promise.resolve({ ...job, status: 'failed', error: { code: 'UNSUPPORTED', message: 'No', where: { field: answer } } })
  }
  const jobs = {
    start: (order: JobOrder) => {
      if (order.kind === 'compact') started.push(order.request)
      return Promise.resolve(view(order))
    },
    untilEnd: end,
    cancel: (id: number) => Promise.resolve(void cancelled.push(id)),
  } as unknown as Jobs
  return { draft: new CompactDraft(info, jobs), started, cancelled }
}

describe('the ways to compact a disk', () => {
  it('rehearses each, and then proposes the gentlest that wins something', async () => {
    const { draft, started } = stage({ inPlace: 1000, rewrite: 700, compressed: 200 })
    expect(draft.way).toBe('in-place')
    await draft.look(false)
    expect(started.map(({ how, compress, dryRun }) => [how, compress, dryRun])).toEqual([
      ['in-place', undefined, true],
      ['rewrite', undefined, true],
      ['rewrite', true, true],
    ])
    expect(draft.way).toBe('rewrite')
    expect(draft.gain('rewrite')).toBe(300)
    expect(draft.command).toBe("strata compact -p -f qcow2 --rewrite '/my disks/a.qcow2'")
  })

  it('never proposes to compress, and does not win less than nothing', async () => {
    const { draft } = stage({ inPlace: 1000, rewrite: 1200, compressed: 200 })
    await draft.look(false)
    expect(draft.way).toBe('in-place')
    expect(draft.gain('rewrite')).toBe(0)
    expect(draft.worthwhile).toBe(false)
    expect(await draft.start()).toBe(false)
  })

  it('starts what was chosen, in earnest', async () => {
    const { draft, started } = stage({ inPlace: 900, rewrite: 700, compressed: 200 })
    await draft.look(false)
    draft.choose('compressed')
    expect(await draft.start()).toBe(true)
    expect(started.at(-1)).toEqual({ path: INFO.path, format: 'qcow2', how: 'rewrite', compress: true })
  })

  it('does not try what the header rules out', async () => {
    const snapshot = { id: '1', name: 'before', vmStateSize: 0, dateSeconds: 0, dateNanoseconds: 0, clockSeconds: 0, clockNanoseconds: 0 }
    const { draft, started } = stage({ inPlace: 900 }, { ...INFO, snapshots: [snapshot] })
    await draft.look(false)
    draft.choose('rewrite')
    expect(draft.estimateOf('rewrite')).toEqual({ refusal: 'snapshots' })
    expect(await draft.start()).toBe(false)
    expect(started).toHaveLength(1)
  })

  it('needs the passphrase of an encrypted disk, and rewrites none', async () => {
    const { draft, started } = stage({ inPlace: 900 }, { ...INFO, encrypted: true })
    await draft.look(true)
    expect(draft.estimateOf('in-place')).toEqual({ refusal: 'passphrase' })
    expect(draft.estimateOf('compressed')).toEqual({ refusal: 'encrypt' })
    expect(started).toEqual([])
    await draft.look(false)
    expect(draft.gain('in-place')).toBe(100)
    expect(started).toHaveLength(1)
    expect(draft.command).toBe(
      "strata compact -p --object secret,id=src0,file=src0.txt --image-opts 'driver=qcow2,file.filename=/my disks/a.qcow2,encrypt.key-secret=src0'",
    )
  })

  it('says what the engine has against a way', async () => {
    const { draft } = stage({ inPlace: 900, rewrite: 'bitmaps', compressed: 500 })
    await draft.look(false)
    expect(draft.gain('rewrite')).toBeUndefined()
    const refused = draft.estimateOf('rewrite')
    if (!refused || !('error' in refused)) throw new Error('it was not refused')
    expect(words.compact.failure(refused.error)).toContain('inconsistent bitmaps')
  })

  it('ends what nobody waits for any more', async () => {
    const { draft, cancelled } = stage({ rewrite: 700 })
    void draft.look(false)
    await new Promise((resolve) => setTimeout(resolve))
    draft.leave()
    expect(cancelled).toEqual([1, 3])
  })
})
