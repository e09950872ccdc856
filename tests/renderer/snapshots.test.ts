import { describe, expect, it } from 'vitest'
import type { Client, JobOrder, JobStatus, JobView, WindowApi, WindowEvents } from '../../src/shared/api.ts'
import type { DiskInfo, SnapshotInfo } from '../../src/shared/model.ts'
import type { SnapshotSpaceResult } from '../../src/shared/snapshot-space.ts'
import type { Host } from '../../src/renderer/src/api.ts'
import { snapshotCommand } from '../../src/renderer/src/lib/command-line.ts'
import { byDate, datedName, fileNamePart, freeName, holdsSnapshots, nameFault } from '../../src/renderer/src/lib/snapshots.ts'
import { Jobs } from '../../src/renderer/src/state/jobs.svelte.ts'
import { SnapshotDraft, type SnapshotAsk } from '../../src/renderer/src/state/snapshot-draft.svelte.ts'
import { SnapshotSpaces } from '../../src/renderer/src/state/snapshot-spaces.svelte.ts'

function row(id: string, name: string, dateSeconds = 0): SnapshotInfo {
  return { id, name, vmStateSize: 0, dateSeconds, dateNanoseconds: 0, clockSeconds: 0, clockNanoseconds: 0 }
}

function disk(...snapshots: SnapshotInfo[]): DiskInfo {
  const sizes = { virtualSize: 1 << 20, actualSize: 0, modified: 0 }
  return { path: '/vm/a.qcow2', format: 'qcow2', dirty: false, encrypted: false, snapshots, ...sizes }
}

const BEFORE = row('1', 'before')
const APPLY: SnapshotAsk = { do: 'apply', snapshot: BEFORE, loses: 4096 }

interface Given {
  ends?: JobStatus
  dependants?: string[]
  info?: DiskInfo
}

interface Stage {
  draft: SnapshotDraft
  /** what each started job was told to do */
  done: string[]
}

/** A draft over a host whose jobs end at once, the way `ends` says, and that knows of these dependants. */
function stage(ask: SnapshotAsk, { ends = 'done', dependants = [], info = disk(BEFORE) }: Given = {}): Stage {
  const done: string[] = []
  let hear: ((job: JobView) => void) | undefined
  let id = 0
  const client = {
    startJob: (order: JobOrder) => {
      if (order.kind === 'snapshot') done.push(order.request.action.do)
      const job: JobView = { id: ++id, order, status: 'running', progress: { phase: '', done: 0, total: 0 }, started: 0 }
      const error = ends === 'failed' ? { error: { code: 'NO_SPACE', message: 'Full', where: {} } as const } : {}
      queueMicrotask(() => {
        hear?.(job)
        hear?.({ ...job, status: ends, ended: 1, ...error })
      })
      return Promise.resolve(job)
    },
    dependants: () =>
      Promise.resolve({
        folders: ['/vm'],
        dependants: dependants.map((path) => ({ path, chain: [path, '/vm/a.qcow2'], virtualSize: 1 })),
        unread: [],
        complete: true,
      }),
  } as unknown as Client<WindowApi>
  const host: Host = {
    client,
    on: <E extends keyof WindowEvents>(event: E, listener: (data: WindowEvents[E]) => void) => {
      if (event === 'job') hear = listener as (job: JobView) => void
    },
    onLink: () => {},
    pathForFile: () => null,
  }
  return { draft: new SnapshotDraft(info, ask, client, new Jobs(host)), done }
}

describe('names of snapshots', () => {
  it('avoids the names and ids that are there', () => {
    expect(freeName('before', [BEFORE, row('2', 'before (2)')])).toBe('before (3)')
    expect(freeName('1', [BEFORE])).toBe('1 (2)')
  })

  it('proposes the time, so that names sort as they follow', () => {
    const at = new Date(2026, 0, 5, 7, 3).getTime()
    expect(datedName(at, [])).toBe('2026-01-05 07:03')
    expect(datedName(at, [row('1', '2026-01-05 07:03')])).toBe('2026-01-05 07:03 (2)')
  })

  it('says what speaks against one', () => {
    expect(nameFault('  ', [])).toBe('empty')
    expect(nameFault('before', [BEFORE])).toBe('taken')
    expect(nameFault('1', [BEFORE])).toBe('taken')
    expect(nameFault('ä'.repeat(127), [])).toBeUndefined()
    expect(nameFault('ä'.repeat(128), [])).toBe('long')
  })

  it('makes a part of a file name of any of them', () => {
    expect(fileNamePart('vor dem Update: 7/8')).toBe('vor-dem-Update-7-8')
    expect(fileNamePart('../..')).toBe('snapshot')
  })
})

it('tells snapshots by date', () => {
  expect(byDate([row('1', 'b', 9), row('2', 'a', 3)]).map(({ id }) => id)).toEqual(['2', '1'])
})

it('knows which images hold none', () => {
  expect(holdsSnapshots(disk())).toBe(true)
  expect(holdsSnapshots({ ...disk(), format: 'raw' })).toBe(false)
})

describe('the command line of a change', () => {
  it('names a snapshot by its id where its name may mean another', () => {
    const twins = disk(row('1', 'x'), row('2', 'x'))
    expect(snapshotCommand(disk(BEFORE), [{ do: 'apply', snapshot: '1' }], true)).toBe('strata snapshot -a before --force /vm/a.qcow2')
    expect(snapshotCommand(twins, [{ do: 'rename', snapshot: '2', name: 'y z' }], false)).toBe(
      "strata snapshot --rename 2 --to 'y z' /vm/a.qcow2",
    )
  })

  it('is none where the terminal would delete another', () => {
    expect(snapshotCommand(disk(row('1', 'x'), row('2', 'x')), [{ do: 'delete', snapshot: '2' }], false)).toBe('')
    expect(snapshotCommand(disk(BEFORE), [{ do: 'delete', snapshot: '1' }], false)).toBe('strata snapshot -d before /vm/a.qcow2')
  })
})

describe('going back', () => {
  it('waits until it is known who stands on the disk, and takes a safety snapshot first', async () => {
    const { draft, done } = stage(APPLY)
    expect(await draft.start()).toBe(false)
    await draft.look()
    expect(await draft.start()).toBe(true)
    expect(done).toEqual(['create', 'apply'])
  })

  it('goes without one where the person says so', async () => {
    const { draft, done } = stage(APPLY)
    await draft.look()
    draft.safety = false
    await draft.start()
    expect(done).toEqual(['apply'])
  })

  it('stays where it is when the safety snapshot fails or is cancelled', async () => {
    for (const ends of ['failed', 'cancelled'] as const) {
      const { draft, done } = stage(APPLY, { ends })
      await draft.look()
      expect(await draft.start()).toBe(false)
      expect(done).toEqual(['create'])
      expect(draft.error?.code).toBe(ends === 'failed' ? 'NO_SPACE' : undefined)
    }
  })

  it('stays where it is when the person leaves meanwhile', async () => {
    const { draft, done } = stage(APPLY)
    await draft.look()
    const started = draft.start()
    draft.leave()
    expect(await started).toBe(false)
    expect(done).toEqual(['create'])
  })

  it('asks for a yes where images stand on the disk', async () => {
    const { draft } = stage(APPLY, { dependants: ['/vm/web.qcow2'] })
    await draft.look()
    expect(draft.dependants).toEqual(['/vm/web.qcow2'])
    expect(draft.ready).toBe(false)
    draft.agreed = true
    expect(draft.ready).toBe(true)
  })
})

describe('naming', () => {
  it('refuses a name that is taken, and renaming to the same', () => {
    const { draft } = stage({ do: 'rename', snapshot: BEFORE }, { info: disk(BEFORE, row('2', 'after')) })
    expect([draft.problem, draft.ready]).toEqual([undefined, false])
    draft.name = 'after'
    expect(draft.problem).toBe('Another snapshot is known by that name.')
    draft.name = 'later'
    expect(draft.ready).toBe(true)
  })
})

describe('what snapshots hold', () => {
  const space = { now: { alone: 1, shared: 4 }, snapshots: [{ id: '1', alone: 7, shared: 4 }] }

  function spaces(...answers: (SnapshotSpaceResult | Error)[]): SnapshotSpaces {
    const next = (): Promise<SnapshotSpaceResult> => {
      const answer = answers.shift() ?? {}
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }
    return new SnapshotSpaces({ snapshotSpace: next } as unknown as Client<WindowApi>)
  }

  it('is told of each, with the most for the bars', async () => {
    const held = spaces({ space })
    const read = held.read(disk(BEFORE))
    expect(held.counting).toBe(true)
    await read
    expect([held.now?.alone, held.of('1')?.alone, held.of('2'), held.most, held.counting]).toEqual([1, 7, undefined, 11, false])
  })

  it('asks before it counts for long, and says why it could not', async () => {
    const held = spaces({}, { space }, new Error('damaged'))
    await held.read(disk(BEFORE))
    expect(held.large).toBe(true)
    await held.read(disk(BEFORE), true)
    expect([held.large, held.now?.shared]).toEqual([false, 4])
    await held.read(disk(BEFORE))
    expect([held.error?.message, held.now]).toEqual(['damaged', undefined])
  })
})
