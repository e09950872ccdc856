import { describe, expect, it } from 'vitest'
import type { WatchedFolder } from '../../src/shared/api.ts'
import type { ChainNode } from '../../src/renderer/src/lib/chain-tree.ts'
import { groupForest, groupRows } from '../../src/renderer/src/lib/library-groups.ts'

const node = (path: string, ...children: ChainNode[]): ChainNode => ({ path, name: path.slice(1), health: 'unknown', children })
const folder = (path: string): WatchedFolder => ({ path, present: true, images: 1, more: false })
const forest = [node('/vms/base', node('/vms/web')), node('/old/base', node('/vms/test')), node('/x/iso')]

describe('the disks by folder', () => {
  it('are where their base lies, or else an overlay of it; the others come last', () => {
    const groups = groupForest(forest, [folder('/vms'), folder('/none')])
    expect(groups.map((group) => [group.folder?.path, group.nodes.map(({ path }) => path)])).toEqual([
      ['/vms', ['/vms/base', '/old/base']],
      ['/none', []],
      [undefined, ['/x/iso']],
    ])
  })

  it('are rows below their folders, or without any where none is watched', () => {
    const rows = groupRows(groupForest(forest, [folder('/vms')]), new Set(['/vms/base', '']), 'Other disks')
    expect(rows.map((row) => [row.node.name, row.level, row.parent?.name])).toEqual([
      ['vms', 1, undefined],
      ['vms/base', 2, 'vms'],
      ['old/base', 2, 'vms'],
      ['vms/test', 3, 'old/base'],
      ['Other disks', 1, undefined],
    ])
    expect(groupRows(groupForest(forest, []), new Set(), 'Other disks').map((row) => row.level)).toEqual([1, 2, 1, 2, 1])
  })
})
