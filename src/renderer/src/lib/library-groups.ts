import type { WatchedFolder } from '../../../shared/api.ts'
import { visibleRows, type ChainNode, type TreeRow } from './chain-tree.ts'
import { baseName, folderOf } from './paths.ts'

/** The trees of a watched folder; without one, those that lie in none. */
export interface LibraryGroup {
  folder?: WatchedFolder
  nodes: ChainNode[]
}

/** A row of the side list that is a folder, or the one of all disks that lie in none. */
export interface GroupRow extends TreeRow {
  group: LibraryGroup
}

/** The name of the rows of disks outside of watched folders, as no path is empty. */
export const ELSEWHERE = ''

/**
 * The forest by watched folder, in their order; what lies in none comes last. A tree is in the folder of its base, or else in that of the
 * first of its overlays that lies in one. Without watched folders, one group without a folder.
 */
export function groupForest(forest: readonly ChainNode[], folders: readonly WatchedFolder[]): LibraryGroup[] {
  const watched = new Map<string, LibraryGroup>(folders.map((folder) => [folder.path, { folder, nodes: [] }]))
  const rest: LibraryGroup = { nodes: [] }
  for (const node of forest) (homeOf(node, watched) ?? rest).nodes.push(node)
  return [...watched.values(), ...(rest.nodes.length > 0 || watched.size === 0 ? [rest] : [])]
}

function homeOf(node: ChainNode, groups: ReadonlyMap<string, LibraryGroup>): LibraryGroup | undefined {
  const own = groups.get(folderOf(node.path))
  if (own) return own
  for (const child of node.children) {
    const home = homeOf(child, groups)
    if (home) return home
  }
  return undefined
}

/** The groups as rows of the side list: folders on the first level, or, where none is watched, the disks themselves. */
export function groupRows(groups: readonly LibraryGroup[], folded: ReadonlySet<string>, elsewhere: string): (TreeRow | GroupRow)[] {
  if (groups.every(({ folder }) => folder === undefined)) return groups.flatMap(({ nodes }) => visibleRows(nodes, folded))
  return groups.flatMap((group, index) => {
    const path = group.folder?.path ?? ELSEWHERE
    const node: ChainNode = { path, name: group.folder ? baseName(path) : elsewhere, health: 'none', children: group.nodes }
    const row: GroupRow = { node, level: 1, position: index + 1, setSize: groups.length, group }
    return folded.has(path) ? [row] : [row, ...visibleRows(group.nodes, folded, 2, node)]
  })
}
