import type { Partition } from '../../../shared/disk-layout.ts'

/** How many cells the picture of a disk's changes has. */
export const CHANGE_CELLS = 256

/** What differs between two states of a disk, summed as answers come: as a picture, in bytes, and by partition. Takes the same room for any disk. */
export class ChangePicture {
  /** changed bytes of each of `CHANGE_CELLS` even parts of the disk */
  readonly cells = new Float64Array(CHANGE_CELLS)
  readonly #size: number
  readonly #partitions: readonly Partition[]
  readonly #within = new Map<number, number>()
  #bytes = 0
  #places = 0
  #end = -1

  /** `size` in guest bytes. */
  constructor(size: number, partitions: readonly Partition[]) {
    this.#size = size
    this.#partitions = partitions.filter(({ role }) => role !== 'extended')
  }

  /** guest bytes in blocks that differ */
  get bytes(): number {
    return this.#bytes
  }

  /** how many separate ranges differ */
  get places(): number {
    return this.#places
  }

  /** the partitions in which something differs, with how many bytes of them */
  get partitions(): { partition: Partition; bytes: number }[] {
    return this.#partitions.flatMap((partition) => {
      const bytes = this.#within.get(partition.index) ?? 0
      return bytes > 0 ? [{ partition, bytes }] : []
    })
  }

  /** Adds ranges, each an offset and a length, which come in order. */
  add(ranges: readonly number[]): void {
    for (let i = 0; i + 1 < ranges.length; i += 2) this.#addRange(ranges[i] ?? 0, ranges[i + 1] ?? 0)
  }

  #addRange(at: number, length: number): void {
    const end = at + length
    this.#bytes += length
    if (at !== this.#end) this.#places++
    this.#end = end
    const cell = this.#size / CHANGE_CELLS
    for (let i = Math.floor(at / cell); i < CHANGE_CELLS && i * cell < end; i++)
      this.cells[i] = (this.cells[i] ?? 0) + overlap(at, end, i * cell, (i + 1) * cell)
    for (const { index, start, length: room } of this.#partitions)
      this.#within.set(index, (this.#within.get(index) ?? 0) + overlap(at, end, start, start + room))
  }
}

function overlap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, start))
}
