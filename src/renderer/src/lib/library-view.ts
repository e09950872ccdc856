import { LOCALE } from './locale.ts'
import type { LibraryView, SortKey } from '../../../shared/library-view.ts'
import type { ChainNode, Health } from './chain-tree.ts'
import { diskSizes } from './disk-sizes.ts'

/** What a view has that leaves nothing out. */
export const NO_FILTERS = { format: 'all', chain: 'all', health: 'all', size: 'all' } as const
export const PLAIN_VIEW: LibraryView = { sort: 'name', down: false, ...NO_FILTERS, grouped: true }

/** From the gravest on: what a person who sorts by health wants to see first. */
const GRAVITY: readonly Health[] = ['corrupt', 'missing', 'broken', 'unreadable', 'leaks', 'unknown', 'none', 'fine']
const TROUBLE: readonly Health[] = GRAVITY.slice(0, 5)

const byName = new Intl.Collator(LOCALE, { numeric: true, sensitivity: 'base' })

/** The forest as the view asks for it. Each level is sorted by itself; a base stays above an overlay that is shown. */
export function viewForest(forest: readonly ChainNode[], view: LibraryView): ChainNode[] {
  return sorted(filtered(forest, view, false), view)
}

/** Whether the view leaves anything out. */
export function filters({ format, chain, health, size }: LibraryView): boolean {
  return [format, chain, health, size].some((choice) => choice !== 'all')
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
  if (view.size !== 'all' && (!info || sizeClass(info.actualSize) !== view.size)) return false
  if (view.health === 'trouble') return TROUBLE.includes(health)
  if (view.health === 'unknown') return health === 'unknown' || health === 'none'
  return view.health === 'all' || health === 'fine'
}

const GIB = 2 ** 30

/** The size that a disk with so many bytes on this computer is filtered by. */
function sizeClass(bytes: number): Exclude<LibraryView['size'], 'all'> {
  return bytes < GIB ? 'small' : bytes <= 10 * GIB ? 'medium' : 'large'
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
