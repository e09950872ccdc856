import { describe, expect, it } from 'vitest'
import type { LibraryEntry } from '../../src/shared/api.ts'
import type { ChainInfo, DiskInfo } from '../../src/shared/model.ts'
import { chainForest, chainFrom, filterForest, visibleRows, type ChainNode } from '../../src/renderer/src/lib/chain-tree.ts'
import { layoutGraph, NODE } from '../../src/renderer/src/lib/graph-layout.ts'

function disk(path: string): DiskInfo {
  return { path, format: 'qcow2', virtualSize: 1024, actualSize: 512, dirty: false, encrypted: false, snapshots: [], modified: 0 }
}

function entry(paths: string[], more: Partial<LibraryEntry> = {}, broken?: ChainInfo['broken']): LibraryEntry {
  const [path = ''] = paths
  return { path, added: 0, present: true, chain: { layers: paths.map(disk), ...(broken && { broken }) }, ...more }
}

function outline(nodes: readonly ChainNode[]): unknown[] {
  return nodes.map((node) => (node.children.length > 0 ? [node.name, outline(node.children)] : node.name))
}

describe('the library as a forest', () => {
  it('hangs overlays under their base, by name as people count', () => {
    const forest = chainForest([entry(['/v10', '/base']), entry(['/v9', '/base']), entry(['/base']), entry(['/alone'])])
    expect(outline(forest)).toEqual(['alone', ['base', ['v9', 'v10']]])
  })

  it('shows a base that is not in the library, without an entry', () => {
    const [base] = chainForest([entry(['/top', '/middle', '/base'])])
    expect(outline(base ? [base] : [])).toEqual([['base', [['middle', ['top']]]]])
    expect(base?.entry).toBeUndefined()
    expect(base?.info?.path).toBe('/base')
  })

  it('shows a missing base as missing, and the overlay as broken', () => {
    const [lost] = chainForest([entry(['/top'], {}, { path: '/lost', code: 'NOT_FOUND', message: 'gone' })])
    expect(lost).toMatchObject({ name: 'lost', health: 'missing', children: [{ name: 'top', health: 'broken' }] })
  })

  it('survives a loop that two images tell of', () => {
    expect(outline(chainForest([entry(['/a', '/b']), entry(['/b', '/a'])]))).toEqual(['a', 'b'])
  })

  it('keeps what a search finds with the bases that lead there', () => {
    const forest = chainForest([entry(['/web', '/debian']), entry(['/test', '/debian']), entry(['/win'])])
    expect(outline(filterForest(forest, 'WEB'))).toEqual([['debian', ['web']]])
    expect(outline(filterForest(forest, 'debian'))).toEqual([['debian', ['test', 'web']]])
    expect(filterForest(forest, 'nothing')).toEqual([])
  })

  it('leaves out what is folded', () => {
    const forest = chainForest([entry(['/web', '/debian'])])
    expect(visibleRows(forest, new Set()).map((row) => [row.node.name, row.level])).toEqual([
      ['debian', 1],
      ['web', 2],
    ])
    expect(visibleRows(forest, new Set(['/debian'])).map((row) => row.node.name)).toEqual(['debian'])
  })

  it('knows a lower layer through an overlay', () => {
    expect(chainFrom([entry(['/top', '/middle', '/base'])], '/middle')?.layers.map((layer) => layer.path)).toEqual(['/middle', '/base'])
    expect(chainFrom([entry(['/top'])], '/other')).toBeUndefined()
  })
})

describe('the drawn chain', () => {
  const [root] = chainForest([entry(['/a', '/base']), entry(['/b', '/base']), entry(['/c', '/b', '/base']), entry(['/d', '/b', '/base'])])
  const graph = layoutGraph(root ?? chainForest([entry(['/x'])])[0]!, '/c')
  const at = (path: string) => graph.nodes.find((placed) => placed.node.path === path)!

  it('puts the base at the bottom and each overlay one step above', () => {
    expect(at('/base').y).toBe(graph.height - NODE.height)
    expect(at('/b').y).toBe(at('/base').y - NODE.height - NODE.gapY)
    expect(at('/c').y).toBe(0)
  })

  it('lets no two nodes of a level touch', () => {
    for (const one of graph.nodes)
      for (const other of graph.nodes)
        if (one !== other && one.y === other.y) expect(Math.abs(one.x - other.x)).toBeGreaterThanOrEqual(NODE.width + NODE.gapX)
  })

  it('marks the shown disk and everything below it', () => {
    expect(
      graph.nodes
        .filter((placed) => placed.onChain)
        .map((placed) => placed.node.name)
        .sort(),
    ).toEqual(['b', 'base', 'c'])
    expect(
      graph.edges
        .filter((edge) => edge.onChain)
        .map((edge) => edge.key)
        .sort(),
    ).toEqual(['/b', '/c'])
  })
})
