import type { ChainNode } from './chain-tree.ts'

/** A change to a chain that can be drawn before it is made. */
export type LayerChange =
  | { do: 'commit'; keep: boolean }
  | { do: 'flatten' }
  /** `tree` is the one that holds the new base `onto` */
  | { do: 'rebase'; onto: string; tree: ChainNode }

/** The trees that a change leaves, where the sizes of the images in `estimated` are judged from what the files take now. */
export interface LayersAfter {
  roots: ChainNode[]
  estimated: ReadonlySet<string>
}

/** What becomes of the tree at `root` when the overlay at `path` is changed. The given nodes stay as they are. */
export function layersAfter(root: ChainNode, path: string, change: LayerChange): LayersAfter {
  const chain = chainTo(root, path)
  const top = chain.at(-1)
  if (top && change.do === 'rebase') return rebased(root, top, change)
  const below = chain.at(-2)
  if (!top || !below || change.do === 'rebase') return { roots: [root], estimated: new Set() }
  if (change.do === 'flatten') {
    const whole = chain.reduce((sum, node) => sum + (node.info?.actualSize ?? 0), 0)
    const rest = replace(root, below.path, (node) => ({ ...node, children: node.children.filter((child) => child.path !== path) }))
    return { roots: [rest, sized(top, whole)], estimated: new Set([path]) }
  }
  const own = top.info?.actualSize ?? 0
  const grown = replace(root, below.path, (node) => sized(node, (node.info?.actualSize ?? 0) + own))
  if (change.keep) return { roots: [grown], estimated: new Set([below.path]) }
  return { roots: [replace(grown, path, (node) => sized(node, 0))], estimated: new Set([below.path, path]) }
}

/** The trees where `top` stands on another base: how much is copied into it is not known. */
function rebased(root: ChainNode, top: ChainNode, { onto, tree }: Extract<LayerChange, { do: 'rebase' }>): LayersAfter {
  const without = (node: ChainNode): ChainNode => ({
    ...node,
    children: node.children.filter(({ path }) => path !== top.path).map(without),
  })
  const estimated = new Set([top.path])
  if (chainTo(top, onto).length > 0) return { roots: [root], estimated: new Set() }
  const join = (node: ChainNode): ChainNode => replace(without(node), onto, (base) => ({ ...base, children: [...base.children, top] }))
  if (tree.path === root.path) return { roots: [join(root)], estimated }
  return { roots: [...(root.path === top.path ? [] : [without(root)]), join(tree)], estimated }
}

/** The nodes from the root to the one at `path`; empty where it is not in the tree. */
function chainTo(node: ChainNode, path: string): ChainNode[] {
  if (node.path === path) return [node]
  for (const child of node.children) {
    const rest = chainTo(child, path)
    if (rest.length > 0) return [node, ...rest]
  }
  return []
}

function replace(node: ChainNode, path: string, by: (node: ChainNode) => ChainNode): ChainNode {
  const children = node.children.map((child) => replace(child, path, by))
  return node.path === path ? by({ ...node, children }) : { ...node, children }
}

function sized(node: ChainNode, actualSize: number): ChainNode {
  return node.info ? { ...node, info: { ...node.info, actualSize } } : node
}
