import type { ChainNode, Health } from './chain-tree.ts'
import { diskSizes } from './disk-sizes.ts'

export type SortKey = 'name' | 'disk' | 'share' | 'guest' | 'health'
export type FormatChoice = 'all' | 'qcow2' | 'raw'
export type ChainChoice = 'all' | 'base' | 'overlay' | 'alone'
export type HealthChoice = 'all' | 'fine' | 'trouble' | 'unknown'

/** How the list of disks is drawn: its order, and what is left out. */
export interface LibraryView {
  sort: SortKey
  down: boolean
  format: FormatChoice
  chain: ChainChoice
  health: HealthChoice
}

export const PLAIN_VIEW: LibraryView = { sort: 'name', down: false, format: 'all', chain: 'all', health: 'all' }

/** From the gravest on: what a person who sorts by health wants to see first. */
const GRAVITY: readonly Health[] = ['corrupt', 'missing', 'broken', 'unreadable', 'leaks', 'unknown', 'none', 'fine']
const TROUBLE: readonly Health[] = GRAVITY.slice(0, 5)

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The forest as the view asks for it. Each level is sorted by itself; a base stays above an overlay that is shown. */
export function viewForest(forest: readonly ChainNode[], view: LibraryView): ChainNode[] {
  return sorted(filtered(forest, view, false), view)
}

/** Whether the view leaves anything out. */
export function filters({ format, chain, health }: LibraryView): boolean {
  return format !== 'all' || chain !== 'all' || health !== 'all'
}

function filtered(level: readonly ChainNode[], view: LibraryView, overlay: boolean): ChainNode[] {
  return level.flatMap((node) => {
    const children = filtered(node.children, view, true)
    return children.length > 0 || fits(node, view, overlay) ? [{ ...node, children }] : []
  })
}

function fits({ info, health, children }: ChainNode, view: LibraryView, overlay: boolean): boolean {
  if (view.format !== 'all' && info?.format !== view.format) return false
  if (view.chain === 'overlay' && !overlay) return false
  if (view.chain === 'base' && children.length === 0) return false
  if (view.chain === 'alone' && (overlay || children.length > 0)) return false
  if (view.health === 'trouble') return TROUBLE.includes(health)
  if (view.health === 'unknown') return health === 'unknown' || health === 'none'
  return view.health === 'all' || health === 'fine'
}

function sorted(level: ChainNode[], view: LibraryView): ChainNode[] {
  const turn = view.down ? -1 : 1
  return level
    .map((node) => ({ ...node, children: sorted(node.children, view) }))
    .sort((a, b) => turn * (rank(a, view.sort) - rank(b, view.sort) || byName.compare(a.name, b.name)))
}

/** What a node is sorted by, names aside; a file that is not known comes before all. */
function rank({ info, entry, health }: ChainNode, key: SortKey): number {
  switch (key) {
    case 'name':
      return 0
    case 'disk':
      return info?.actualSize ?? -1
    case 'guest':
      return info?.virtualSize ?? -1
    case 'health':
      return GRAVITY.indexOf(health)
    case 'share': {
      const chain = entry?.chain ?? (info && { layers: [info] })
      if (!chain) return -1
      const { onDisk, guest } = diskSizes(chain)
      return onDisk / Math.max(1, guest)
    }
  }
}
