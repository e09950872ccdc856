import { LOCALE } from './locale.ts'
import type { LibraryEntry } from '../../../shared/api.ts'
import type { ChainInfo, DiskInfo } from '../../../shared/model.ts'
import { baseName } from './paths.ts'

export type Health = 'fine' | 'leaks' | 'corrupt' | 'unknown' | 'missing' | 'unreadable' | 'broken' | 'none'

/** One image in the forest of backing chains. A base that the library does not hold itself is a node without an entry. */
export interface ChainNode {
  path: string
  name: string
  entry?: LibraryEntry
  info?: DiskInfo
  health: Health
  /** it was found in the folder, and the library does not hold it */
  nearby?: boolean
  children: ChainNode[]
}

const byName = new Intl.Collator(LOCALE, { numeric: true, sensitivity: 'base' })

/** Groups the library by backing chain: bases are roots, overlays their children, each level by name. */
export function chainForest(entries: readonly LibraryEntry[]): ChainNode[] {
  const nodes = new Map<string, ChainNode>()
  const parents = new Map<string, string>()
  for (const entry of entries) {
    const node = nodeAt(nodes, entry.path)
    node.entry = entry
    node.health = entryHealth(entry)
    addChain(entry, nodes, parents)
  }
  const roots: ChainNode[] = []
  for (const node of nodes.values()) {
    const parent = parents.get(node.path)
    const above = parent === undefined || loops(node.path, parents) ? undefined : nodes.get(parent)
    if (above) above.children.push(node)
    else roots.push(node)
  }
  sortByName(roots)
  return roots
}

function addChain(entry: LibraryEntry, nodes: Map<string, ChainNode>, parents: Map<string, string>): void {
  const layers = entry.chain?.layers ?? []
  layers.forEach((layer, depth) => {
    const node = nodeAt(nodes, layer.path)
    node.info ??= layer
    if (node.health === 'unknown') node.health = uncheckedHealth(layer)
    const below = layers[depth + 1]?.path ?? entry.chain?.broken?.path
    if (below !== undefined && below !== layer.path) parents.set(layer.path, below)
  })
  const broken = entry.chain?.broken
  if (broken && layers.length > 0) {
    const node = nodeAt(nodes, broken.path)
    if (!node.entry) node.health = broken.code === 'NOT_FOUND' ? 'missing' : 'unreadable'
  }
}

function nodeAt(nodes: Map<string, ChainNode>, path: string): ChainNode {
  let node = nodes.get(path)
  if (!node) nodes.set(path, (node = { path, name: baseName(path), health: 'unknown', children: [] }))
  return node
}

function loops(path: string, parents: Map<string, string>): boolean {
  const seen = new Set<string>()
  for (let at: string | undefined = path; at !== undefined; at = parents.get(at)) {
    if (seen.has(at)) return true
    seen.add(at)
  }
  return false
}

function sortByName(level: ChainNode[]): void {
  level.sort((a, b) => byName.compare(a.name, b.name))
  for (const node of level) sortByName(node.children)
}

/** Of an image that nobody checked: one without tables has nothing that could be checked. */
function uncheckedHealth(info: DiskInfo | undefined): Health {
  return info?.format === 'raw' ? 'none' : 'unknown'
}

/** What the dot beside a library entry says. */
export function entryHealth(entry: LibraryEntry): Health {
  if (!entry.present) return 'missing'
  if (!entry.chain || entry.error) return 'unreadable'
  if (entry.chain.broken) return 'broken'
  return entry.health?.verdict ?? uncheckedHealth(entry.chain.layers[0])
}

/** The nodes whose name or path holds every word of the query, with the bases that lead to them. */
export function filterForest(forest: readonly ChainNode[], query: string): ChainNode[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...forest]
  return forest.flatMap((node) => {
    const children = filterForest(node.children, query)
    const path = node.path.toLowerCase()
    const hit = words.every((word) => path.includes(word))
    return hit || children.length > 0 ? [{ ...node, children: hit && children.length === 0 ? node.children : children }] : []
  })
}

/** The tree of the forest that holds `path`. */
export function treeOf(forest: readonly ChainNode[], path: string): ChainNode | undefined {
  return forest.find((root) => nodeOf(root, path) !== undefined)
}

/** One visible row of the side list. */
export interface TreeRow {
  node: ChainNode
  /** 1 for a root */
  level: number
  position: number
  setSize: number
  parent?: ChainNode
}

/** The forest as rows from top to bottom; the children of folded paths are left out. */
export function visibleRows(forest: readonly ChainNode[], folded: ReadonlySet<string>, level = 1, parent?: ChainNode): TreeRow[] {
  return forest.flatMap((node, index) => {
    const row: TreeRow = { node, level, position: index + 1, setSize: forest.length, ...(parent && { parent }) }
    return folded.has(node.path) ? [row] : [row, ...visibleRows(node.children, folded, level + 1, node)]
  })
}

/** The node of `path` in a tree. */
export function nodeOf(root: ChainNode, path: string): ChainNode | undefined {
  if (root.path === path) return root
  for (const child of root.children) {
    const found = nodeOf(child, path)
    if (found) return found
  }
  return undefined
}

/** What the library knows of the image at `path` and all below it, from its own entry or from one above it. */
export function chainFrom(entries: readonly LibraryEntry[], path: string): ChainInfo | undefined {
  for (const { chain } of entries) {
    const at = chain?.layers.findIndex((layer) => layer.path === path) ?? -1
    if (chain && at >= 0) return { ...chain, layers: chain.layers.slice(at) }
  }
  return undefined
}
