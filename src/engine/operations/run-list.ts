const FIRST_BYTES = 2 ** 14
/** Runs between two places that a search can begin at. */
const STRIDE = 4096
/** Bytes that adding one run may take: with a grain, a run for each tag in two blocks, of a byte and a length of 53 bits, seven to a byte. */
const ROOM = 2 * 256 * 9

/**
 * What a disk's runs are, from its start on, without where they lie: about four bytes a run, so that ten million of them can be kept, and counted
 * over in a tenth of a second. Runs that lie together and are alike are one. A tag is what a run is, below 256.
 *
 * It takes at most `most` bytes: once it is full, the order of runs within blocks of `grain` bytes has to be forgotten, while how many bytes of each
 * block are what stays exact.
 */
export class RunList {
  /** bytes of the blocks in which the order of runs is not kept, which begin at multiples of it; 0 for none */
  readonly grain: number
  readonly #most: number
  #bytes = new Uint8Array(FIRST_BYTES)
  #used = 0
  #count = 0
  /** guest offset of the end of the runs that are written to `#bytes`, and the run after them */
  #written = 0
  #tag = 0
  #length = 0
  /** every `STRIDE` runs: where the run begins, on the disk and in `#bytes` */
  readonly #marks: { at: number; place: number }[] = []
  /** with a grain: bytes of the block that was begun, by tag, in the order in which the tags came */
  readonly #block = new Map<number, number>()
  #inBlock = 0

  constructor(most: number, grain = 0) {
    this.#most = most
    this.grain = grain
  }

  /** guest offset up to which the runs are known */
  get end(): number {
    return this.#written + this.#length
  }

  /** guest offset of the next run to be added; behind `end` within a block */
  get next(): number {
    return this.end + this.#inBlock
  }

  /** Whether it has no room left; then nothing may be added, and `coarser` goes on. */
  get full(): boolean {
    return this.#used + ROOM > this.#most
  }

  /** bytes of memory */
  get size(): number {
    return this.#bytes.length
  }

  /** Adds the run that begins at `next`. */
  add(length: number, tag: number): void {
    if (this.grain === 0) return this.#put(length, tag)
    for (let rest = length; rest > 0;) {
      const part = Math.min(rest, this.grain - this.#inBlock)
      this.#block.set(tag, (this.#block.get(tag) ?? 0) + part)
      this.#inBlock += part
      rest -= part
      if (this.#inBlock === this.grain) this.endBlock()
    }
  }

  /** Ends the block that was begun: there is nothing behind it. */
  endBlock(): void {
    const block = [...this.#block]
    this.#block.clear()
    this.#inBlock = 0
    for (const [tag, length] of block) this.#put(length, tag)
  }

  /** Calls `visit` for the runs that touch `[from, to)`, which is known, in order; each may begin before it, and end behind it. */
  each(from: number, to: number, visit: (at: number, length: number, tag: number) => void): void {
    let { at, place } = this.#markBefore(from)
    const bytes = this.#bytes
    while (place < this.#used && at < to) {
      const tag = bytes[place++]!
      let byte = bytes[place++]!
      let length = byte & 0x7f
      for (let unit = 128; byte >= 128; unit *= 128) {
        byte = bytes[place++]!
        length += (byte & 0x7f) * unit
      }
      if (at + length > from) visit(at, length, tag)
      at += length
    }
    if (at < to && this.#length > 0) visit(at, this.#length, this.#tag)
  }

  #markBefore(from: number): { at: number; place: number } {
    let [low, high] = [0, this.#marks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#marks[middle]!.at <= from) low = middle + 1
      else high = middle
    }
    return this.#marks[low - 1] ?? { at: 0, place: 0 }
  }

  #put(length: number, tag: number): void {
    if (tag === this.#tag) this.#length += length
    else {
      this.#write()
      this.#tag = tag
      this.#length = length
    }
  }

  /** Moves the last run to where the others are. */
  #write(): void {
    if (this.#length === 0) return
    if (this.#used + ROOM > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#most, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    if (this.#count % STRIDE === 0) this.#marks.push({ at: this.#written, place: this.#used })
    const bytes = this.#bytes
    bytes[this.#used++] = this.#tag
    let rest = this.#length
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[this.#used++] = (rest % 128) | 128
    bytes[this.#used++] = rest
    this.#count++
    this.#written += this.#length
    this.#length = 0
  }

  /** The same runs with a grain that leaves half of the room free. */
  coarser(): RunList {
    const average = this.end / Math.max(1, this.#count)
    for (let grain = Math.max(2 * this.grain, 2 ** Math.ceil(Math.log2(4 * average))); ; grain *= 2) {
      const coarse = new RunList(this.#most, grain)
      this.each(0, this.end, (_at, length, tag) => {
        if (!coarse.full) coarse.add(length, tag)
      })
      // What was in a block is in one again: every grain is a multiple of the one before it.
      for (const [tag, length] of this.#block) if (!coarse.full) coarse.add(length, tag)
      if (coarse.#used <= this.#most / 2) return coarse
    }
  }
}
