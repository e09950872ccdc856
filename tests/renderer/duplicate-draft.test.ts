import { describe, expect, it } from 'vitest'
import type { DiskInfo } from '../../src/shared/model.ts'
import { DuplicateDraft } from '../../src/renderer/src/state/duplicate-draft.svelte.ts'

const INFO: DiskInfo = {
  path: '/vms/web.qcow2',
  format: 'qcow2',
  virtualSize: 1 << 20,
  actualSize: 4096,
  modified: 0,
  dirty: false,
  encrypted: false,
  snapshots: [],
}

/** A draft in a folder that holds these files; `asked` hears each name before the answer comes. */
function stage(taken: string[], asked: (name: string) => void = () => undefined): DuplicateDraft {
  const estimate = ({ target }: { target: { path: string } }) => {
    asked(target.path)
    return Promise.resolve({ virtualSize: 1, expected: 1, atMost: 1, free: 9, targetExists: taken.includes(target.path) })
  }
  const never = () => Promise.reject(new Error('not asked for'))
  return new DuplicateDraft(INFO, { client: { estimate }, jobs: { start: never }, files: { pickTarget: never }, separator: '/' })
}

describe('the name of a copy', () => {
  it('is proposed as the first that is free', async () => {
    const draft = stage(['/vms/web copy.qcow2'])
    await draft.look()
    expect(draft.name).toBe('web copy 2.qcow2')
    expect(draft.ready).toBe(true)
  })

  it('stays what the person typed while names were still being tried', async () => {
    const asked: string[] = []
    const draft = stage(['/vms/web copy.qcow2'], (path) => {
      asked.push(path)
      if (path === '/vms/web copy 2.qcow2') draft.name = 'mine.qcow2'
    })
    await draft.look()
    expect(draft.name).toBe('mine.qcow2')
    expect(asked).toEqual(['/vms/web copy.qcow2', '/vms/web copy 2.qcow2'])
  })
})
