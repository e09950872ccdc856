import { describe, expect, it } from 'vitest'
import type { LibraryEntry } from '../../src/shared/api.ts'
import type { DiskInfo } from '../../src/shared/model.ts'
import type { LibraryView } from '../../src/shared/library-view.ts'
import { chainForest, visibleRows } from '../../src/renderer/src/lib/chain-tree.ts'
import { filters, PLAIN_VIEW, viewForest } from '../../src/renderer/src/lib/library-view.ts'

function disk(path: string, more: Partial<DiskInfo> = {}): DiskInfo {
  return { path, format: 'qcow2', virtualSize: 100, actualSize: 10, dirty: false, encrypted: false, snapshots: [], modified: 0, ...more }
}

const base = disk('/base', { actualSize: 50 })
const ENTRIES: LibraryEntry[] = [
  { path: '/base', added: 0, present: true, chain: { layers: [base] }, health: { verdict: 'fine', at: 0 } },
  { path: '/web', added: 0, present: true, chain: { layers: [disk('/web'), base] }, health: { verdict: 'corrupt', at: 0 } },
  { path: '/plain', added: 0, present: true, chain: { layers: [disk('/plain', { format: 'raw', virtualSize: 60, actualSize: 60 })] } },
  { path: '/gone', added: 0, present: false },
]

function names(view: Partial<LibraryView>): string[] {
  return visibleRows(viewForest(chainForest(ENTRIES), { ...PLAIN_VIEW, ...view }), new Set()).map(({ node }) => node.name)
}

describe('the list of disks', () => {
  it('is sorted by every column, either way, each overlay below its base', () => {
    expect(names({})).toEqual(['base', 'web', 'gone', 'plain'])
    expect(names({ down: true })).toEqual(['plain', 'gone', 'base', 'web'])
    expect(names({ sort: 'disk', down: true })).toEqual(['plain', 'base', 'web', 'gone'])
    expect(names({ sort: 'guest', down: true })).toEqual(['base', 'web', 'plain', 'gone'])
    expect(names({ sort: 'share' })).toEqual(['gone', 'base', 'web', 'plain'])
    expect(names({ sort: 'health' })).toEqual(['gone', 'plain', 'base', 'web'])
  })

  it('leaves out what does not fit, but for the base of a disk that does', () => {
    expect(names({ format: 'raw' })).toEqual(['plain'])
    expect(names({ chain: 'overlay' })).toEqual(['base', 'web'])
    expect(names({ chain: 'base' })).toEqual(['base'])
    expect(names({ chain: 'alone' })).toEqual(['gone', 'plain'])
    expect(names({ health: 'trouble' })).toEqual(['base', 'web', 'gone'])
    expect(names({ health: 'unknown' })).toEqual(['plain'])
    expect(names({ size: 'small' })).toEqual(['base', 'web', 'plain'])
    expect(names({ size: 'large' })).toEqual([])
    expect(filters(PLAIN_VIEW)).toBe(false)
    expect(filters({ ...PLAIN_VIEW, health: 'fine' })).toBe(true)
  })
})
