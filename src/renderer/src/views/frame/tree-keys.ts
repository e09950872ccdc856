import type { TreeRow } from '../../lib/chain-tree.ts'

/** What a key does in the side list: where the cursor goes, what folds, what opens. */
export interface TreeMove {
  to?: string | undefined
  fold?: { path: string; shut: boolean }
  open?: string
}

/** The keys of a WAI-ARIA tree. Answers undefined for a key that means nothing here. */
export function moveInTree(key: string, rows: readonly TreeRow[], at: number, folded: ReadonlySet<string>): TreeMove | undefined {
  const row = rows[at]
  if (!row) return undefined
  const { node } = row
  const parent = row.parent?.path
  const unfolds = node.children.length > 0
  const shut = folded.has(node.path)
  switch (key) {
    case 'ArrowDown':
      return { to: rows[at + 1]?.node.path }
    case 'ArrowUp':
      return { to: rows[at - 1]?.node.path }
    case 'Home':
      return { to: rows[0]?.node.path }
    case 'End':
      return { to: rows.at(-1)?.node.path }
    case 'ArrowRight':
      if (unfolds && shut) return { fold: { path: node.path, shut: false } }
      return unfolds ? { to: rows[at + 1]?.node.path } : {}
    case 'ArrowLeft':
      if (unfolds && !shut) return { fold: { path: node.path, shut: true } }
      return { to: parent }
    case 'Enter':
    case ' ':
      return { open: node.path }
    default:
      return findByLetter(key, rows, at)
  }
}

function findByLetter(key: string, rows: readonly TreeRow[], at: number): TreeMove | undefined {
  if (key.length !== 1 || !/\S/.test(key)) return undefined
  const order = [...rows.slice(at + 1), ...rows.slice(0, at + 1)]
  const hit = order.find((row) => row.node.name.toLowerCase().startsWith(key.toLowerCase()))
  return hit && { to: hit.node.path }
}
