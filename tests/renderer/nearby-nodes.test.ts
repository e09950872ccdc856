import { expect, it } from 'vitest'
import type { ChainNode } from '../../src/renderer/src/lib/chain-tree.ts'
import { withNearby } from '../../src/renderer/src/lib/nearby-nodes.ts'

const node = (path: string, ...children: ChainNode[]): ChainNode => ({ path, name: path.slice(1), health: 'fine', children })
const found = (...chain: string[]) => ({ path: chain[0]!, chain, virtualSize: 1 })

/** Names, marked where they are not of the library, with what stands on them. */
function outline({ name, nearby, children }: ChainNode): unknown {
  return [nearby ? `(${name})` : name, ...children.map(outline)]
}

it('adds the images of the folder above what they stand on, each once', () => {
  const tree = node('/base', node('/web'))
  const all = [found('/web', '/base'), found('/test', '/base'), found('/deep', '/test', '/base'), found('/try', '/web', '/base')]
  expect(outline(withNearby(tree, all))).toEqual(['base', ['web', ['(try)']], ['(test)', ['(deep)']]])
  expect(outline(tree), 'the library stays as it is').toEqual(['base', ['web']])
})

it('leaves out what stands on nothing that is drawn', () => {
  expect(outline(withNearby(node('/base'), [found('/a', '/b', '/other')]))).toEqual(['base'])
})
