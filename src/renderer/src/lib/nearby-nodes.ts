import type { Dependant } from '../../../shared/requests.ts'
import type { ChainNode } from './chain-tree.ts'
import { baseName } from './paths.ts'

/**
 * The tree with images that stand on one of its disks and that the library does not hold. They are marked as `nearby`, and of them no more is known
 * than their names. The given nodes stay as they are.
 */
export function withNearby(root: ChainNode, dependants: readonly Dependant[]): ChainNode {
  const tree = structuredNode(root)
  const nodes = new Map<string, ChainNode>()
  const index = (node: ChainNode): void => {
    nodes.set(node.path, node)
    node.children.forEach(index)
  }
  index(tree)
  for (const { chain } of dependants) {
    // From the disk that all stand on, up to the image itself.
    let below: ChainNode | undefined
    for (const path of chain.toReversed()) {
      let node = nodes.get(path)
      if (!node && below) {
        node = { path, name: baseName(path), health: 'unknown', nearby: true, children: [] }
        nodes.set(path, node)
        below.children.push(node)
      }
      below = node
    }
  }
  return tree
}

function structuredNode(node: ChainNode): ChainNode {
  return { ...node, children: node.children.map(structuredNode) }
}
