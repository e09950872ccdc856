import type { Examined } from './examined.ts'
import type { ReferenceTally } from './reference-tally.ts'

/** Room behind everything that an image holds or refers to: what is laid there overwrites nothing, whatever the counts say. */
export class Appender {
  /** the first cluster that was free to be given out */
  readonly first: number
  readonly #image: Examined
  readonly #tally: ReferenceTally
  #next: number

  constructor(image: Examined, tally: ReferenceTally) {
    this.#image = image
    this.#tally = tally
    this.first = this.#next = Math.max(image.clusters, tally.end)
  }

  /** The host offset of `count` clusters in a row, which `users` pointers shall refer to; the tally hears of it. */
  take(count: number, users = 1): number {
    const start = this.#next
    this.#next += count
    for (let cluster = start; cluster < this.#next; cluster++) for (let i = 0; i < users; i++) this.#tally.add(cluster)
    return start * this.#image.geometry.clusterSize
  }

  /** Lays bytes into clusters of their own; answers with their host offset. */
  lay(bytes: Uint8Array, users = 1): number {
    const { clusterSize } = this.#image.geometry
    const clusters = Math.max(1, Math.ceil(bytes.length / clusterSize))
    const at = this.take(clusters, users)
    this.#image.storage.zeroAt(at, clusters * clusterSize)
    this.#image.storage.writeAt(at, bytes)
    return at
  }

  /** Whether anything was taken. */
  get used(): boolean {
    return this.#next > this.first
  }

  /** The first cluster that nothing lies in yet. */
  get end(): number {
    return this.#next
  }
}
