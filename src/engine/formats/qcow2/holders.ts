const CHUNK_BITS = 10
const CHUNK = 2 ** CHUNK_BITS
/** Chunks that are kept: 128 MiB of them, for 4 TiB of clusters of 64 KiB. */
const MOST_CHUNKS = 65536
/** Sets that are told apart; what history makes of n snapshots are about n²/2. */
const MOST_SETS = 65536
const MOST_SET_BYTES = 32 * 2 ** 20
/** Pairs of sets that were joined once. */
const MOST_UNIONS = 2 ** 20
/** Nobody. */
const NOBODY = 0

/**
 * Which of several holders each host cluster belongs to: two bytes a cluster, the number of a set of holders, in chunks, so that a sparse file
 * costs what is used of it. When it would grow too large, it is `full`, and what it tells is worth nothing.
 */
export class Holders {
  readonly #chunks = new Map<number, Uint16Array>()
  #latest: Uint16Array = new Uint16Array(CHUNK)
  #latestIndex = -1
  /** the sets by their numbers, a bit for each holder */
  readonly #sets: Uint32Array[]
  readonly #numbers = new Map<string, number>()
  readonly #unions = new Map<number, number>()
  /** clusters of each set */
  readonly #clusters: number[] = []
  readonly #count: number
  #full = false

  /** Holders are numbered from 0 on, below `count`. */
  constructor(count: number) {
    this.#count = count
    this.#sets = []
    this.#numberOf(new Uint32Array(Math.ceil(count / 32)))
  }

  get full(): boolean {
    return this.#full
  }

  /** The number of the set of one holder. */
  only(holder: number): number {
    const set = this.#sets[NOBODY]!.slice()
    set[holder >>> 5]! |= 1 << (holder & 31)
    return this.#numberOf(set)
  }

  /** The number of the set that holds a cluster. */
  get(cluster: number): number {
    return this.#chunks.get(Math.floor(cluster / CHUNK))?.[cluster % CHUNK] ?? NOBODY
  }

  /** Adds the holders of `set` to those of some clusters. */
  add(first: number, count: number, set: number): void {
    for (let cluster = first; cluster < first + count && !this.#full; cluster++) {
      if (Math.floor(cluster / CHUNK) !== this.#latestIndex) this.#find(Math.floor(cluster / CHUNK))
      const before = this.#latest[cluster % CHUNK]!
      if (before === set) continue
      const after = before === NOBODY ? set : this.#union(before, set)
      if (after === before) continue
      this.#clusters[before]! -= 1
      this.#clusters[after]! += 1
      this.#latest[cluster % CHUNK] = after
    }
  }

  /** For each holder the clusters that it alone has, and those that others have, too. */
  tell(): { alone: number; shared: number }[] {
    const told = Array.from({ length: this.#count }, () => ({ alone: 0, shared: 0 }))
    this.#sets.forEach((set, number) => {
      const clusters = this.#clusters[number]!
      const members = number === NOBODY || clusters === 0 ? [] : membersOf(set)
      for (const holder of members) told[holder]![members.length === 1 ? 'alone' : 'shared'] += clusters
    })
    return told
  }

  #union(a: number, b: number): number {
    const key = a * MOST_SETS + b
    const known = this.#unions.get(key)
    if (known !== undefined) return known
    const other = this.#sets[b]!
    const number = this.#numberOf(this.#sets[a]!.map((word, i) => word | other[i]!))
    this.#unions.set(key, number)
    if (this.#unions.size > MOST_UNIONS) this.#full = true
    return number
  }

  #numberOf(set: Uint32Array): number {
    const name = set.join()
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#sets.length
    if (number === MOST_SETS || number * set.byteLength > MOST_SET_BYTES) {
      this.#full = true
      return NOBODY
    }
    this.#sets.push(set)
    this.#clusters.push(0)
    this.#numbers.set(name, number)
    return number
  }

  #find(index: number): void {
    let chunk = this.#chunks.get(index)
    if (!chunk) {
      if (this.#chunks.size === MOST_CHUNKS) this.#full = true
      chunk = new Uint16Array(CHUNK)
      this.#chunks.set(index, chunk)
    }
    this.#latest = chunk
    this.#latestIndex = index
  }
}

function membersOf(set: Uint32Array): number[] {
  const members: number[] = []
  set.forEach((word, i) => {
    for (let bit = 0; bit < 32; bit++) if (word & (1 << bit)) members.push(i * 32 + bit)
  })
  return members
}
