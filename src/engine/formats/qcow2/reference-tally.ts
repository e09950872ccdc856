/** Small, so that references scattered over a huge sparse file cost little each; a multiple of what a check skips at once. */
const CHUNK = 256

/** How often each host cluster is referred to, as a check finds out. Kept in chunks, so that a sparse file costs what is used of it. */
export class ReferenceTally {
  readonly #chunks = new Map<number, Uint32Array>()
  /** one past the highest cluster that is referred to */
  end = 0

  add(cluster: number): void {
    const index = Math.floor(cluster / CHUNK)
    let chunk = this.#chunks.get(index)
    if (!chunk) this.#chunks.set(index, (chunk = new Uint32Array(CHUNK)))
    chunk[cluster % CHUNK]! += 1
    if (cluster >= this.end) this.end = cluster + 1
  }

  /** Whether anything near `cluster` is referred to. */
  holds(cluster: number): boolean {
    return this.#chunks.has(Math.floor(cluster / CHUNK))
  }

  get(cluster: number): number {
    return this.#chunks.get(Math.floor(cluster / CHUNK))?.[cluster % CHUNK] ?? 0
  }
}
