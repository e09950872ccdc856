import { describe, expect, it } from 'vitest'
import type { ChainNode, TreeRow } from '../../src/renderer/src/lib/chain-tree.ts'
import { visibleRows } from '../../src/renderer/src/lib/chain-tree.ts'
import { moveInTree } from '../../src/renderer/src/views/frame/tree-keys.ts'

const node = (name: string, ...children: ChainNode[]): ChainNode => ({ path: `/${name}`, name, health: 'unknown', children })
const forest = [node('base', node('web'), node('test')), node('win')]
const rows: TreeRow[] = visibleRows(forest, new Set())

describe('the keys of the side list', () => {
  it.each([
    ['ArrowDown', 0, { to: '/web' }],
    ['ArrowUp', 1, { to: '/base' }],
    ['End', 0, { to: '/win' }],
    ['Home', 3, { to: '/base' }],
    ['ArrowRight', 0, { to: '/web' }],
    ['ArrowLeft', 0, { fold: { path: '/base', shut: true } }],
    ['ArrowLeft', 2, { to: '/base' }],
    ['Enter', 1, { open: '/web' }],
    ['w', 0, { to: '/web' }],
    ['w', 1, { to: '/win' }],
    ['W', 3, { to: '/web' }],
  ])('%s at row %d', (key, at, move) => expect(moveInTree(key, rows, at, new Set())).toEqual(move))

  it('unfolds before it goes in', () => {
    const folded = new Set(['/base'])
    expect(moveInTree('ArrowRight', visibleRows(forest, folded), 0, folded)).toEqual({ fold: { path: '/base', shut: false } })
  })

  it('leaves other keys alone', () => {
    expect(moveInTree('Tab', rows, 0, new Set())).toBeUndefined()
    expect(moveInTree('z', rows, 0, new Set())).toBeUndefined()
  })
})
