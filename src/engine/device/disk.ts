import type { FormatName, Preallocation } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import { alignDown, alignUp } from '../base/ints.ts'
import { type Job, unwatched } from '../base/job.ts'
import type { DriverWriter, Extent, FormatDriver, Lease, Sealed } from '../formats/driver.ts'
import { readPadded, type Storage } from '../io/storage.ts'

/** Bytes that are encrypted as one. */
const SECTOR = 512

/** A run of a disk seen through all its layers. `data` covers packed clusters too. Lengths in bytes. */
export interface DiskRun {
  at: number
  length: number
  kind: 'data' | 'packed' | 'zero'
  /** 0 for the disk's own layer, 1 for its backing disk, and so on; for `zero`, the layer that says so */
  depth: number
  /** of `zero` alone: no layer says so, and nothing is stored for it */
  hole?: boolean
}

/** A run that ends at a certain layer: what only that one and those below it know is `below`. */
export type UpperRun = DiskRun | { at: number; length: number; kind: 'below'; depth: number }

/**
 * An open image and the layers below it, as one disk of bytes. The driver says where bytes live; this moves them: it reads through
 * the chain, fills what a write leaves of its clusters, and publishes a mapping only after the bytes are written.
 */
export class Disk {
  readonly path: string
  readonly driver: FormatDriver
  readonly below: Disk | undefined
  /** the run of written bytes that was found last in the layer's file */
  #written = { storage: undefined as Storage | undefined, at: 0, end: 0 }

  constructor(path: string, driver: FormatDriver, below?: Disk) {
    this.path = path
    this.driver = driver
    this.below = below
  }

  get format(): FormatName {
    return this.driver.format
  }

  /** guest bytes */
  get size(): number {
    return this.driver.size
  }

  /** Fills `into` with guest bytes from `at`; throws `OUT_OF_RANGE` past the end. */
  readAt(at: number, into: Uint8Array): void {
    this.#assertRange(at, into.length)
    for (let done = 0; done < into.length;) {
      const extent = this.driver.locate(at + done, into.length - done)
      const part = into.subarray(done, done + extent.length)
      this.#readExtent(extent, at + done, part)
      done += part.length
    }
  }

  #readExtent(extent: Extent, at: number, part: Uint8Array): void {
    if (extent.kind === 'data' && extent.sealed) readSealed(extent, extent.sealed, part)
    else if (extent.kind === 'data') readPadded(extent.storage, extent.at, part)
    else if (extent.kind === 'packed') this.driver.readPacked(at, part)
    else if (extent.kind === 'below' && this.below) readPadded(this.below, at, part)
    else part.fill(0)
  }

  /** The runs that cover `[at, at + length)` in order, without reading guest bytes. */
  *runs(at: number, length: number): Generator<DiskRun> {
    for (const run of this.runsAbove(undefined, at, length)) if (run.kind !== 'below') yield run
  }

  /** The same as far as the layers above `base`, one of the layers below, know it. */
  *runsAbove(base: Disk | undefined, at: number, length: number): Generator<UpperRun> {
    this.#assertRange(at, length)
    for (let pos = at; pos < at + length;) {
      const run = this.#run(pos, at + length - pos, 0, base)
      yield run
      pos += run.length
    }
  }

  #run(at: number, max: number, depth: number, base: Disk | undefined): UpperRun {
    if (this === base) return { at, length: max, kind: 'below', depth }
    if (at >= this.size) return { at, length: max, kind: 'zero', depth, hole: true }
    const extent = this.driver.locate(at, Math.min(max, this.size - at))
    // A hole among encrypted bytes is no run of zeros.
    if (extent.kind === 'data' && extent.sealed) return { at, length: extent.length, kind: 'data', depth }
    if (extent.kind === 'data') return { at, depth, ...this.#inFile(extent) }
    if (extent.kind !== 'below') return { at, length: extent.length, kind: extent.kind, depth }
    if (!this.below) return { at, length: extent.length, kind: 'zero', depth, hole: true }
    return this.below.#run(at, extent.length, depth + 1, base)
  }

  /**
   * What the file itself says of plain bytes: room that was set aside and never written is a hole there, too. The end of a run of written
   * bytes is remembered: finding it costs some file systems as much as reading up to it. Written bytes that became a hole since still read right.
   */
  #inFile({ storage, at, length }: Extract<Extent, { kind: 'data' }>): Pick<DiskRun, 'kind' | 'length' | 'hole'> {
    if (at >= storage.size) return { kind: 'zero', length, hole: true }
    const known = this.#written
    if (known.storage !== storage || at < known.at || at >= known.end) {
      for (const run of storage.extents(at, storage.size - at)) {
        if (run.hole) return { kind: 'zero', length: Math.min(length, run.length), hole: true }
        this.#written = { storage, at, end: at + run.length }
        break
      }
    }
    return { kind: 'data', length: Math.min(length, this.#written.end - at) }
  }

  /** Writes guest bytes. Throws `READ_ONLY`, `OUT_OF_RANGE`, or what the storage throws; what was written before stays. */
  writeAt(at: number, from: Uint8Array): void {
    this.#assertRange(at, from.length)
    const writer = this.#writer()
    for (let done = 0; done < from.length;) {
      const lease = writer.reserve(at + done, from.length - done)
      const length = Math.min(from.length - done, lease.start + lease.length - (at + done))
      this.#fill(lease, at + done, from.subarray(done, done + length))
      lease.commit()
      done += length
    }
  }

  /** Writes `bytes` into a lease, and around them what the disk holds there now; past the disk's end, zeros. */
  #fill(lease: Lease, at: number, bytes: Uint8Array): void {
    const end = lease.start + lease.length
    const tail = at + bytes.length
    if (lease.sealed) return this.#fillSealed(lease, lease.sealed, at, bytes)
    const hostOf = (guest: number): number => lease.at + (guest - lease.start)
    if (lease.start < at) lease.storage.writeAt(lease.at, this.#present(lease.start, at - lease.start))
    lease.storage.writeAt(hostOf(at), bytes)
    if (tail < end) lease.storage.writeAt(hostOf(tail), this.#present(tail, end - tail))
  }

  /** The same by way of a copy: the caller's bytes stay plain. */
  #fillSealed(lease: Lease, { cipher, sector }: Sealed, at: number, bytes: Uint8Array): void {
    const whole = new Uint8Array(lease.length)
    const tail = at + bytes.length - lease.start
    if (lease.start < at) readPadded(this, lease.start, whole.subarray(0, at - lease.start))
    whole.set(bytes, at - lease.start)
    if (tail < whole.length) readPadded(this, lease.start + tail, whole.subarray(tail))
    cipher.encrypt(sector, whole)
    lease.storage.writeAt(lease.at, whole)
  }

  #present(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    readPadded(this, at, bytes)
    return bytes
  }

  /** Stores one packed cluster; `at` is a multiple of the driver's grain. Throws `UNSUPPORTED` where the format has none. */
  writePacked(at: number, packed: Uint8Array): void {
    const writer = this.#writer()
    if (!writer.writePacked) throw new StrataError('UNSUPPORTED', `${this.format} images can't be compressed`, { path: this.path })
    writer.writePacked(at, packed)
  }

  /** Makes a guest range read as zeros: whole grains as metadata, the rest by writing. */
  zeroAt(at: number, length: number): void {
    const writer = this.#writer()
    const { first, last, end } = this.#wholeGrains(at, length)
    if (first > at) this.writeAt(at, new Uint8Array(first - at))
    if (last > first) writer.zero(first, last - first)
    if (end > last) this.writeAt(last, new Uint8Array(end - last))
  }

  /** Gives back the room of the whole grains in a guest range that is wanted no more. What is given back reads as zeros. */
  discardAt(at: number, length: number): void {
    const writer = this.#writer()
    const { first, last } = this.#wholeGrains(at, length)
    if (last > first) writer.discard(first, last - first)
  }

  /** The whole grains `[first, last)` within a guest range, and its end. The disk's last grain may be cut short by its end. */
  #wholeGrains(at: number, length: number): { first: number; last: number; end: number } {
    this.#assertRange(at, length)
    const { grain } = this.driver
    const end = at + length
    const first = Math.min(end, alignUp(at, grain))
    return { first, last: end === this.size ? end : Math.max(first, alignDown(end, grain)), end }
  }

  /** Grows the disk to `size` guest bytes; what is new reads as zeros. Throws before anything changes when it can't. */
  grow(size: number, preallocation: Preallocation, job: Job = unwatched): void {
    const { resize } = this.driver
    this.#writer()
    if (!resize) throw new StrataError('UNSUPPORTED', `${this.format} images can't be resized`, { path: this.path })
    resize.assertGrowable(size)
    this.#rewriteTail()
    resize.grow(size, preallocation, this.below?.size ?? 0, job)
  }

  /** Cuts the disk off at `size` guest bytes; what lay behind is lost. Throws before anything changes when it can't. */
  shrink(size: number, job: Job = unwatched): void {
    const { resize } = this.driver
    this.#writer()
    if (!resize?.shrink) throw new StrataError('UNSUPPORTED', `${this.format} images can't be made smaller`, { path: this.path })
    resize.assertShrinkable?.(size)
    resize.shrink(size, job)
  }

  /**
   * The last cluster may reach past the end of the disk. Unless it is written in place, what lies there (a backing disk's bytes, the rest of
   * a packed cluster) would show after growing; writing the cluster anew puts zeros there.
   */
  #rewriteTail(): void {
    const start = alignDown(this.size, this.driver.grain)
    if (start === this.size) return
    const { kind } = this.driver.locate(start, 1)
    if (kind === 'zero' || (kind === 'below' && !this.below)) return
    this.writeAt(start, this.#present(start, this.size - start))
  }

  #writer(): DriverWriter {
    if (!this.driver.writer) throw new StrataError('READ_ONLY', 'The disk was opened for reading only', { path: this.path })
    return this.driver.writer
  }

  #assertRange(at: number, length: number): void {
    if (at < 0 || length < 0 || at + length > this.size)
      throw new StrataError('OUT_OF_RANGE', `Bytes ${at} to ${at + length} are not on a disk of ${this.size} bytes`, {
        path: this.path,
        offset: at,
      })
  }

  /** Returns when all that was written is on stable storage. */
  flush(): void {
    this.driver.writer?.flush()
  }

  /** Flushes and closes the image and every layer below it. */
  close(): void {
    try {
      this.driver.close()
    } finally {
      this.below?.close()
    }
  }
}

/** Reads encrypted bytes, by whole sectors. Past the end of the file nothing was ever written, and zeros read as the cipher makes of them. */
function readSealed({ storage, at }: Extract<Extent, { kind: 'data' }>, { cipher, sector }: Sealed, into: Uint8Array): void {
  const start = alignDown(at, SECTOR)
  const whole = start === at && into.length % SECTOR === 0 ? into : new Uint8Array(alignUp(at + into.length, SECTOR) - start)
  readPadded(storage, start, whole)
  cipher.decrypt(sector, whole)
  if (whole !== into) into.set(whole.subarray(at - start, at - start + into.length))
}
