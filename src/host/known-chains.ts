import { statSync } from 'node:fs'
import type { ChainInfo } from '../shared/model.ts'

interface Known {
  chain: ChainInfo
  stamp: string
}

/** What image files said when they were last read, for as long as no file of their chains has changed: a list of thousands is not read anew for one. */
export class KnownChains {
  readonly #known = new Map<string, Known>()

  /** The chain of an image, read only where one of its files changed. Chains that are broken, or have parts outside of them, are read each time. */
  async of(path: string, read: () => Promise<ChainInfo>): Promise<ChainInfo> {
    const known = this.#known.get(path)
    if (known && stampOf(known.chain) === known.stamp) return known.chain
    this.#known.delete(path)
    const began = Date.now()
    const chain = await read()
    const stamp = chain.broken || chain.layers.some(({ qcow2 }) => qcow2?.dataFile !== undefined) ? undefined : stampOf(chain, began)
    if (stamp !== undefined) this.#known.set(path, { chain, stamp })
    return chain
  }

  /** Forgets all others. */
  keepOnly(paths: readonly string[]): void {
    const kept = new Set(paths)
    for (const path of this.#known.keys()) if (!kept.has(path)) this.#known.delete(path)
  }
}

/** Milliseconds: the clock of a file system may tick no finer. */
const TICK = 2_000

/** What changes when a file of the chain does; undefined where one is gone, or changed so late that a change after `began` could look the same. */
function stampOf(chain: ChainInfo, began?: number): string | undefined {
  const stamps: string[] = []
  for (const { path } of chain.layers) {
    const facts = statSync(path, { throwIfNoEntry: false })
    if (!facts || (began !== undefined && facts.ctimeMs > began - TICK)) return undefined
    stamps.push([facts.dev, facts.ino, facts.size, facts.blocks, facts.mtimeMs, facts.ctimeMs].join(' '))
  }
  return stamps.join('\n')
}
