import type { ChainNode } from './chain-tree.ts'

export const NODE = { width: 168, height: 58, gapX: 16, gapY: 40 } as const

export interface PlacedNode {
  node: ChainNode
  x: number
  y: number
  /** true for the shown disk and everything below it */
  onChain: boolean
}

export interface PlacedEdge {
  key: string
  /** an SVG path from the base's top to the overlay's foot */
  path: string
  onChain: boolean
}

export interface Graph {
  width: number
  height: number
  nodes: PlacedNode[]
  edges: PlacedEdge[]
}

/** Places a tree of images with the base at the bottom and siblings side by side; units are pixels. */
export function layoutGraph(root: ChainNode, shown: string): Graph {
  const chain = pathTo(root, shown) ?? new Set([root.path])
  const rows = depthOf(root)
  const height = rows * NODE.height + (rows - 1) * NODE.gapY
  const graph: Graph = { width: 0, height, nodes: [], edges: [] }
  place(root, 0, 0, chain, graph)
  graph.width = Math.max(...graph.nodes.map((placed) => placed.x)) + NODE.width
  return graph
}

/** Puts `node` above the middle of its overlays and answers the width its subtree takes. */
function place(node: ChainNode, left: number, depth: number, chain: ReadonlySet<string>, graph: Graph): { width: number; x: number } {
  const y = graph.height - NODE.height - depth * (NODE.height + NODE.gapY)
  let width = 0
  const middles: { node: ChainNode; x: number }[] = []
  for (const child of node.children) {
    const placed = place(child, left + width, depth + 1, chain, graph)
    middles.push({ node: child, x: placed.x })
    width += placed.width + NODE.gapX
  }
  width = Math.max(NODE.width, width - NODE.gapX)
  const first = middles[0]
  const last = middles.at(-1)
  const x = first && last ? (first.x + last.x) / 2 : left
  graph.nodes.push({ node, x, y, onChain: chain.has(node.path) })
  for (const child of middles) {
    const from = { x: x + NODE.width / 2, y }
    const to = { x: child.x + NODE.width / 2, y: y - NODE.gapY }
    const bend = (from.y + to.y) / 2
    const path = `M${from.x} ${from.y}C${from.x} ${bend} ${to.x} ${bend} ${to.x} ${to.y}`
    graph.edges.push({ key: child.node.path, path, onChain: chain.has(child.node.path) })
  }
  return { width, x }
}

function depthOf(node: ChainNode): number {
  return 1 + Math.max(0, ...node.children.map(depthOf))
}

function pathTo(node: ChainNode, path: string): Set<string> | undefined {
  if (node.path === path) return new Set([path])
  for (const child of node.children) {
    const found = pathTo(child, path)
    if (found) return found.add(node.path)
  }
  return undefined
}
