import type { Extent } from '../formats/driver.ts'
import type { Storage } from '../io/storage.ts'
import { WrittenRuns } from '../io/written-runs.ts'
import type { Disk } from './disk.ts'
import type { Platform } from './platform.ts'

/** What a chain says of a guest range without reading it. Bytes. */
export interface BlockStatus {
  length: number
  /** layers below the top one, where the answer comes from */
  depth: number
  /** some layer has it: as bytes, as zeros, or as room */
  present: boolean
  /** known to read as zeros */
  zero: boolean
  /** bytes of the file stand for it, though they may be a hole there */
  data: boolean
  packed: boolean
  /** where it lies as plain bytes, or the room set aside for it */
  place?: { storage: Storage; at: number }
}

/** One layer of the chain, and what is found out about it only once. */
interface Known {
  disk: Disk
  /** whether holes are looked for among what the layer maps as data */
  sparse?: boolean
  written?: WrittenRuns
}

/**
 * Tells of the bytes of a disk what QEMU's tools tell: which layer has them, whether they are zeros, and where they lie. Unlike `Disk.runs`, holes of
 * the file count as zeros only in raw layers, and in those where much room was set aside and not written.
 */
export class BlockStatuses {
  readonly #layers: Known[] = []
  readonly #files: Platform['files']
  readonly #holes: 'told' | 'all'

  /** `holes`: those that QEMU's tools tell of, or all that there are. */
  constructor(disk: Disk, { files }: Pick<Platform, 'files'>, holes: 'told' | 'all' = 'told') {
    this.#files = files
    this.#holes = holes
    for (let layer: Disk | undefined = disk; layer; layer = layer.below) this.#layers.push({ disk: layer })
  }

  /** The status of the byte at `at`, inside the disk, and how far past it, at most `max` bytes, the same goes on; a long run may go on after it. */
  at(at: number, max: number): BlockStatus {
    let length = max
    for (let depth = 0; ; depth++) {
      const layer = this.#layers[depth]!
      const { driver, size, below } = layer.disk
      const extent = driver.locate(at, Math.min(length, size - at))
      if (extent.kind !== 'below') return this.#told(layer, extent, depth)
      length = extent.length
      if (below && at < below.size) continue
      return { length, depth, present: false, zero: true, data: false, packed: false, ...(extent.room && { place: extent.room }) }
    }
  }

  #told(layer: Known, extent: Exclude<Extent, { kind: 'below' }>, depth: number): BlockStatus {
    const { kind, length } = extent
    const status = { length, depth, present: true, zero: kind === 'zero', data: kind !== 'zero', packed: kind === 'packed' }
    if (kind === 'packed' || (kind === 'data' && extent.sealed)) return status
    const isRaw = layer.disk.driver.isSparse === undefined
    if (kind === 'zero') return { ...status, ...(extent.room && { place: extent.room }) }
    const place = { storage: extent.storage, at: extent.at }
    if (!this.#isSparse(layer)) return { ...status, place }
    layer.written ??= new WrittenRuns(extent.storage)
    const run = layer.written.run(extent.at, length)
    // A hole of a raw disk is no data at all.
    return { ...status, length: run.length, zero: !run.written, data: run.written || !isRaw, place }
  }

  #isSparse(layer: Known): boolean {
    const { driver, path } = layer.disk
    if (this.#holes === 'all') return true
    return (layer.sparse ??= driver.isSparse?.(this.#files.facts(path)?.allocated ?? 0) ?? true)
  }
}
