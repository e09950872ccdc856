/** Not large, so that references scattered over a huge sparse file cost little each. */
const CHUNK_BITS = 10
export const CHUNK = 2 ** CHUNK_BITS
/** Chunks whose places are set aside together. */
const PAGE_BITS = 8
const COUNT = 0x3f
/** A count that does not fit into its byte: the chunk's wide counts have it. */
const WIDE = COUNT

/** What the active map says of a cluster that it refers to, beside the count. */
export const MARK = {
  none: 0,
  /** an entry claims the cluster for itself alone */
  exclusive: 0x40,
  /** an entry does not */
  shared: 0x80,
} as const
export type Mark = (typeof MARK)[keyof typeof MARK]

/** Four clusters, each with one user that claims it for itself. */
const OWNED = 0x01010101 * (1 | MARK.exclusive)
const NOTHING = new Uint8Array(CHUNK)

/**
 * How often each host cluster is referred to, as a check finds out: one byte a cluster, in chunks, so that a sparse file costs what is used
 * of it. Clusters are numbered below 2^31.
 */
export class ReferenceTally {
  readonly #pages: (Uint8Array | undefined)[][] = []
  readonly #wide = new Map<number, Uint32Array>()
  #latest: Uint8Array = new Uint8Array(CHUNK)
  #latestIndex = -1
  #highest = -1

  add(cluster: number, mark: Mark = MARK.none): void {
    if (cluster >>> CHUNK_BITS !== this.#latestIndex) this.#find(cluster >>> CHUNK_BITS)
    const at = cluster & (CHUNK - 1)
    const byte = this.#latest[at]!
    if ((byte & COUNT) < WIDE - 1) this.#latest[at] = (byte + 1) | mark
    else this.#addWide(at, mark)
  }

  /** Takes one reference back. */
  remove(cluster: number): void {
    const index = cluster >>> CHUNK_BITS
    const chunk = this.#chunk(index)!
    const at = cluster & (CHUNK - 1)
    if ((chunk[at]! & COUNT) === WIDE) this.#wide.get(index)![at]! -= 1
    else chunk[at]! -= 1
  }

  get(cluster: number): number {
    const index = cluster >>> CHUNK_BITS
    const count = (this.#chunk(index)?.[cluster & (CHUNK - 1)] ?? 0) & COUNT
    return count === WIDE ? this.#wide.get(index)![cluster & (CHUNK - 1)]! : count
  }

  /** Fills `counts` and `marks` with those of `length` clusters from `first` on, all in one chunk. */
  read(first: number, length: number, counts: Uint32Array, marks: Uint8Array): void {
    const index = first >>> CHUNK_BITS
    const from = first & (CHUNK - 1)
    const chunk = this.#chunk(index) ?? NOTHING
    const wide = this.#wide.get(index)
    for (let i = 0; i < length; i++) {
      const byte = chunk[from + i]!
      counts[i] = byte & COUNT
      marks[i] = byte & ~COUNT
      if ((byte & COUNT) === WIDE) counts[i] = wide![from + i]!
    }
  }

  /** Whether each cluster of the chunk that begins at `first` has one user, an entry that claims it for itself. */
  isOwned(first: number): boolean {
    const chunk = this.#chunk(first >>> CHUNK_BITS)
    if (!chunk) return false
    const words = new Uint32Array(chunk.buffer)
    let i = 0
    while (i < words.length && words[i] === OWNED) i++
    return i === words.length
  }

  /** One past the highest cluster that is referred to. */
  get end(): number {
    for (let cluster = (this.#highest + 1) * CHUNK; cluster > 0; cluster--) if (this.get(cluster - 1) > 0) return cluster
    return 0
  }

  /** The first cluster from `cluster` on near which anything is referred to, at most `end`; it may be `cluster` itself. */
  next(cluster: number, end: number): number {
    let index = cluster >>> CHUNK_BITS
    if (this.#chunk(index)) return cluster
    const last = Math.ceil(end / CHUNK)
    for (index++; index < last; index++) {
      const page = this.#pages[index >>> PAGE_BITS]
      if (!page) index |= 2 ** PAGE_BITS - 1
      else if (page[index & (2 ** PAGE_BITS - 1)]) return index * CHUNK
    }
    return end
  }

  #chunk(index: number): Uint8Array | undefined {
    return this.#pages[index >>> PAGE_BITS]?.[index & (2 ** PAGE_BITS - 1)]
  }

  #find(index: number): void {
    const page = (this.#pages[index >>> PAGE_BITS] ??= [])
    this.#latest = page[index & (2 ** PAGE_BITS - 1)] ??= new Uint8Array(CHUNK)
    this.#latestIndex = index
    if (index > this.#highest) this.#highest = index
  }

  #addWide(at: number, mark: Mark): void {
    let wide = this.#wide.get(this.#latestIndex)
    if (!wide) this.#wide.set(this.#latestIndex, (wide = new Uint32Array(CHUNK)))
    const byte = this.#latest[at]!
    wide[at] = (byte & COUNT) === WIDE ? wide[at]! + 1 : WIDE
    this.#latest[at] = byte | WIDE | mark
  }
}
