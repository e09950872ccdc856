import type { Compat } from '../../src/shared/model.ts'
import type { Row } from './differential-matrix.ts'
import { noise } from './differential-noise.ts'

/** Who does a step. */
export type Actor = 'Strata' | 'QEMU'

/** One operation on a disk, as data: offsets and lengths in bytes, `noise` the number of the bytes to write. */
export type Step =
  | { do: 'write'; at: number; length: number; noise: number }
  /** whole clusters, packed where they shrink */
  | { do: 'pack'; at: number; length: number; noise: number }
  | { do: 'zero'; at: number; length: number; unmap: boolean }
  | { do: 'discard'; at: number; length: number }
  | { do: 'snapshot'; name: string }
  | { do: 'apply'; name: string }
  | { do: 'remove'; name: string }
  | { do: 'resize'; from: number; to: number }
  | { do: 'amend'; compat?: Compat; lazyRefcounts?: boolean; refcountBits?: number }
  | { do: 'bitmap add'; name: string; granularity: number }
  | { do: 'bitmap remove' | 'bitmap clear' | 'bitmap enable' | 'bitmap disable'; name: string }
  | { do: 'bitmap merge'; name: string; from: string }

/** What a bitmap must mark, and what it may: an operation may mark more than it changed. Marks are numbers of granules. */
export interface ModelBitmap {
  granularity: number
  enabled: boolean
  must: Set<number>
  may: Set<number>
}

/** What an image should hold after every step, kept in memory. */
export class Model {
  bytes: Uint8Array
  /** facts of the image, as they are now */
  readonly row: Row
  readonly snapshots = new Map<string, Uint8Array>()
  readonly bitmaps = new Map<string, ModelBitmap>()

  /** `below` is what the layer below holds; the disk has `size` bytes. */
  constructor(row: Row, size: number, below: Uint8Array) {
    this.row = { ...row }
    this.bytes = resized(below, size)
  }

  get size(): number {
    return this.bytes.length
  }

  play(step: Step, actor: Actor): void {
    const { bytes, row, snapshots, bitmaps } = this
    switch (step.do) {
      case 'write':
      case 'pack':
        bytes.set(noise(step.noise, step.length), step.at)
        return this.#mark(step.at, step.length)
      case 'zero':
        bytes.fill(0, step.at, step.at + step.length)
        return this.#mark(step.at, step.length)
      case 'discard': {
        const { at, end } = this.#givenBack(step, actor)
        bytes.fill(0, at, end)
        this.#mark(at, end - at)
        return this.#mark(step.at, step.length, false)
      }
      case 'snapshot':
        return void snapshots.set(step.name, bytes.slice())
      case 'apply':
        this.bytes = snapshots.get(step.name)!.slice()
        return this.#mark(0, this.size, false)
      case 'remove':
        return void snapshots.delete(step.name)
      case 'resize': {
        const last = Math.floor(Math.min(step.from, step.to - 1) / row.clusterSize) * row.clusterSize
        this.bytes = resized(bytes, step.to)
        for (const bitmap of bitmaps.values()) cut(bitmap, step.to)
        // The last cluster may be written anew.
        return this.#mark(last, step.to - last, false)
      }
      case 'amend':
        if (step.compat !== undefined) row.compat = step.compat
        if (step.refcountBits !== undefined) row.refcountBits = step.refcountBits
        return
      case 'bitmap add':
        return void bitmaps.set(step.name, { granularity: step.granularity, enabled: true, must: new Set(), may: new Set() })
      case 'bitmap remove':
        return void bitmaps.delete(step.name)
      case 'bitmap clear':
        bitmaps.get(step.name)!.must.clear()
        return bitmaps.get(step.name)!.may.clear()
      case 'bitmap enable':
      case 'bitmap disable':
        bitmaps.get(step.name)!.enabled = step.do === 'bitmap enable'
        return
      case 'bitmap merge':
        return this.#merge(bitmaps.get(step.name)!, bitmaps.get(step.from)!)
    }
  }

  /**
   * The part of a discarded range that reads as zeros then. Both give back whole units only: QEMU clusters, Strata subclusters; and nothing of a
   * version 2 image over another, where it would show.
   */
  #givenBack({ at, length }: { at: number; length: number }, actor: Actor): { at: number; end: number } {
    const { clusterSize, extendedL2, compat, backing } = this.row
    if (compat === '0.10' && backing !== 'none') return { at, end: at }
    const unit = extendedL2 && actor === 'Strata' ? clusterSize / 32 : clusterSize
    const first = Math.ceil(at / unit) * unit
    const end = at + length === this.size ? this.size : Math.floor((at + length) / unit) * unit
    return { at: first, end: Math.max(first, end) }
  }

  #mark(at: number, length: number, certain = true): void {
    if (length <= 0) return
    for (const { granularity, enabled, must, may } of this.bitmaps.values()) {
      if (!enabled) continue
      for (let i = Math.floor(at / granularity); i * granularity < at + length; i++) {
        may.add(i)
        if (certain) must.add(i)
      }
    }
  }

  #merge(into: ModelBitmap, from: ModelBitmap): void {
    for (const set of ['must', 'may'] as const)
      for (const granule of from[set]) {
        const at = granule * from.granularity
        for (let i = Math.floor(at / into.granularity); i * into.granularity < Math.min(at + from.granularity, this.size); i++)
          into[set].add(i)
      }
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const next = new Uint8Array(size)
  next.set(bytes.subarray(0, size))
  return next
}

function cut({ granularity, must, may }: ModelBitmap, size: number): void {
  for (const set of [must, may]) for (const granule of set) if (granule * granularity >= size) set.delete(granule)
}
