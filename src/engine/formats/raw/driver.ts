import type { Preallocation } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { growFile } from '../../io/set-aside.ts'
import type { Storage } from '../../io/storage.ts'
import type { CompactFacet, DriverWriter, Extent, FormatDriver, ResizeFacet } from '../driver.ts'
import { compactFacet } from './compact.ts'

/** An open raw image. Its size is the file's, rounded up to whole sectors of 512 bytes as QEMU does; what the file lacks reads as zeros. */
export class RawDriver implements FormatDriver {
  readonly format = 'raw'
  readonly grain = 1
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly compact: CompactFacet
  readonly #storage: Storage

  constructor(storage: Storage, writable: boolean) {
    this.#storage = storage
    this.compact = compactFacet(storage, writable)
    if (!writable) return
    this.writer = {
      reserve: (at, length) => ({ storage, at, start: at, length, commit() {} }),
      zero: (at, length) => storage.zeroAt(at, length),
      discard: (at, length) => storage.zeroAt(at, length),
      flush: () => storage.flush(),
    }
    this.resize = {
      assertGrowable: (size) => this.#assertGrowable(size),
      grow: (size, preallocation, _hidden, job) => this.#grow(size, preallocation, job),
      assertShrinkable: (size) => this.#assertShrinkable(size),
      shrink: (size) => this.#shrink(size),
    }
  }

  get size(): number {
    return alignUp(this.#storage.size, 512)
  }

  locate(at: number, max: number): Extent {
    const there = this.#storage.size - at
    if (there <= 0) return { kind: 'zero', length: max, room: { storage: this.#storage, at } }
    return { kind: 'data', length: Math.min(max, there), storage: this.#storage, at }
  }

  readPacked(): void {
    throw new StrataError('BUG', 'Raw disks hold no packed clusters', { path: this.#storage.path })
  }

  describe(): ReturnType<FormatDriver['describe']> {
    return { format: 'raw', virtualSize: this.size, dirty: false, encrypted: false, snapshots: [] }
  }

  #assertGrowable(size: number): void {
    if (size < this.size) throw this.#wrongSize('The new size is smaller than the disk')
  }

  #grow(size: number, preallocation: Preallocation, job: Job): void {
    this.#assertGrowable(size)
    assertPreallocation(preallocation, this.#storage.path)
    const before = this.#storage.size
    try {
      growFile(this.#storage, size, preallocation, job)
    } catch (error) {
      this.#storage.truncate(before)
      throw error
    }
    this.#storage.flush()
  }

  #assertShrinkable(size: number): void {
    if (size > this.size) throw this.#wrongSize('The new size is larger than the disk')
  }

  #shrink(size: number): void {
    this.#assertShrinkable(size)
    this.#storage.truncate(size)
    this.#storage.flush()
  }

  #wrongSize(message: string): StrataError {
    return new StrataError('INVALID_ARGUMENT', message, { path: this.#storage.path, field: 'size' })
  }

  close(): void {
    try {
      if (this.writer) this.#storage.flush()
    } finally {
      this.#storage.close()
    }
  }
}

/** Throws for `metadata`, of which raw disks have none. */
export function assertPreallocation(preallocation: Preallocation, path?: string): void {
  if (preallocation !== 'metadata') return
  const where = { ...(path !== undefined && { path }), field: 'preallocation' }
  throw new StrataError('INVALID_ARGUMENT', `Unsupported preallocation mode: ${preallocation}`, where, 'Choose off, falloc or full.')
}
