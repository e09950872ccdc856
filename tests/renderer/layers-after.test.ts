import { describe, expect, it } from 'vitest'
import type { DiskInfo } from '../../src/shared/model.ts'
import type { ChainNode } from '../../src/renderer/src/lib/chain-tree.ts'
import { orderCommand } from '../../src/renderer/src/lib/order-command.ts'
import { layersAfter } from '../../src/renderer/src/lib/layers-after.ts'

function node(path: string, actualSize: number, children: ChainNode[] = []): ChainNode {
  const info: DiskInfo = {
    path,
    format: 'qcow2',
    virtualSize: 1000,
    actualSize,
    dirty: false,
    encrypted: false,
    snapshots: [],
    modified: 0,
  }
  return { path, name: path.slice(1), info, health: 'fine', children }
}

const tree = node('/base', 100, [node('/web', 20, [node('/top', 3)]), node('/test', 7)])

/** Names, sizes and children, without the rest. */
function outline({ name, info, children }: ChainNode): unknown {
  return [name, info?.actualSize, ...children.map(outline)]
}

describe('the layers after a change', () => {
  it('grow below and are empty above where an overlay is committed', () => {
    const { roots, estimated } = layersAfter(tree, '/web', { do: 'commit', keep: false })
    expect(roots.map(outline)).toEqual([['base', 120, ['web', 0, ['top', 3]], ['test', 7]]])
    expect([...estimated]).toEqual(['/base', '/web'])
  })

  it('keep what the overlay holds where that is wanted', () => {
    expect(layersAfter(tree, '/web', { do: 'commit', keep: true }).roots.map(outline)).toEqual([
      ['base', 120, ['web', 20, ['top', 3]], ['test', 7]],
    ])
  })

  it('are two trees where an overlay is made to stand alone, with what stands on it', () => {
    const { roots, estimated } = layersAfter(tree, '/web', { do: 'flatten' })
    expect(roots.map(outline)).toEqual([
      ['base', 100, ['test', 7]],
      ['web', 120, ['top', 3]],
    ])
    expect([...estimated]).toEqual(['/web'])
  })

  it('are those of both bases where an overlay goes from one to the other', () => {
    const other = node('/other', 50, [node('/else', 2)])
    const { roots, estimated } = layersAfter(tree, '/web', { do: 'rebase', onto: '/else', tree: other })
    expect(roots.map(outline)).toEqual([
      ['base', 100, ['test', 7]],
      ['other', 50, ['else', 2, ['web', 20, ['top', 3]]]],
    ])
    expect([...estimated]).toEqual(['/web'])
  })

  it('are one where both bases are in it, or where the disk stood on nothing', () => {
    expect(layersAfter(tree, '/top', { do: 'rebase', onto: '/test', tree }).roots.map(outline)).toEqual([
      ['base', 100, ['web', 20], ['test', 7, ['top', 3]]],
    ])
    expect(layersAfter(node('/new', 1), '/new', { do: 'rebase', onto: '/test', tree }).roots.map(outline)).toEqual([
      ['base', 100, ['web', 20, ['top', 3]], ['test', 7, ['new', 1]]],
    ])
  })

  it('stay as they are where an image would stand on itself', () => {
    expect(layersAfter(tree, '/web', { do: 'rebase', onto: '/top', tree }).roots).toEqual([tree])
  })

  it('are the same for a base, and for an image that is not there', () => {
    for (const path of ['/base', '/other']) expect(layersAfter(tree, path, { do: 'flatten' }).roots).toEqual([tree])
  })
})

describe('the line of a change to a chain', () => {
  it('commits, keeps and forces', () => {
    const request = { path: '/web', format: 'qcow2' as const, keep: true }
    expect(orderCommand({ kind: 'commit', request, forced: true })).toBe('strata commit -p -f qcow2 -d --force /web')
  })

  it('points at another file alone, with its format', () => {
    const request = { path: '/web', format: 'qcow2' as const, backing: { name: 'a b.qcow2', format: 'qcow2' }, mode: 'unsafe' as const }
    expect(orderCommand({ kind: 'rebase', request })).toBe(`strata rebase -p -f qcow2 -u -b 'a b.qcow2' -F qcow2 /web`)
  })

  it('flattens with no base', () => {
    const request = { path: '/a b', backing: null, mode: 'safe' as const }
    expect(orderCommand({ kind: 'rebase', request })).toBe(`strata rebase -p -b '' '/a b'`)
  })
})
