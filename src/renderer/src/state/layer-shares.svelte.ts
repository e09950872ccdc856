import { SvelteMap } from 'svelte/reactivity'
import type { Client, WindowApi } from '../../../shared/api.ts'
import type { ChainInfo } from '../../../shared/model.ts'
import { MapCells } from '../lib/map-cells.ts'

/** Cells that the disk is looked at in: what is told is a share of a picture, not a count of bytes. */
const CELLS = 4096
/** Answers that are asked for at most, a fifth of a second each: of a disk whose map takes longer, the shares are those of its first part. */
const MOST_ANSWERS = 200

/** How much of what a disk holds comes from each of its layers, as shares of one. */
export class LayerShares {
  readonly #client: Pick<Client<WindowApi>, 'mapOverview'>
  readonly #mostAnswers: number
  /** by the path of the layer; empty where the disk holds nothing, or nothing is known */
  readonly shares = new SvelteMap<string, number>()
  /** guest bytes that were looked at; undefined where it was the whole disk */
  upTo = $state<number | undefined>(undefined)

  constructor(client: Pick<Client<WindowApi>, 'mapOverview'>, mostAnswers = MOST_ANSWERS) {
    this.#client = client
    this.#mostAnswers = mostAnswers
  }

  /** Looks at the disk's map. What can't be read has no shares; its own page says why. */
  async read({ layers }: ChainInfo): Promise<void> {
    const [top] = layers
    if (!top || layers.length < 2) return
    try {
      const cells = await this.#cellsOf(top.path, top.virtualSize)
      const bytes = cells.byDepth(layers.length)
      const all = bytes.reduce((sum, one) => sum + one, 0)
      if (all > 0) layers.forEach(({ path }, depth) => this.shares.set(path, (bytes[depth] ?? 0) / all))
    } catch {
      this.shares.clear()
    }
  }

  async #cellsOf(path: string, size: number): Promise<MapCells> {
    const cellSize = Math.max(65536, Math.ceil(size / CELLS))
    const cells = new MapCells(Math.ceil(size / cellSize))
    let start: number | undefined = 0
    for (let turn = 0; start !== undefined && turn < this.#mostAnswers; turn++) {
      const answer: Awaited<ReturnType<Client<WindowApi>['mapOverview']>> = await this.#client.mapOverview({
        path,
        start,
        length: size - start,
        cellSize,
      })
      cells.take(answer)
      start = answer.next
    }
    this.upTo = start
    return cells
  }
}
