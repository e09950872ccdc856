import type { Preallocation } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import type { Storage } from '../../io/storage.ts'
import type { DriverWriter, Extent, FormatDriver, ResizeFacet } from '../driver.ts'

/** An open raw image. Its size is the file's, rounded up to whole sectors of 512 bytes as QEMU does; what the file lacks reads as zeros. */
export class RawDriver implements FormatDriver {
  readonly format = 'raw'
  readonly grain = 1
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly #storage: Storage

  constructor(storage: Storage, writable: boolean) {
    this.#storage = storage
    if (!writable) return
    this.writer = {
      reserve: (at, length) => ({ storage, at, start: at, length, commit() {} }),
      zero: (at, length) => storage.zeroAt(at, length),
      discard: (at, length) => storage.zeroAt(at, length),
      flush: () => storage.flush(),
    }
    this.resize = {
      assertGrowable: (size) => this.#assertGrowable(size),
      grow: (size, preallocation) => this.#grow(size, preallocation),
    }
  }

  get size(): number {
    return alignUp(this.#storage.size, 512)
  }

  locate(at: number, max: number): Extent {
    const there = this.#storage.size - at
    if (there <= 0) return { kind: 'zero', length: max }
    return { kind: 'data', length: Math.min(max, there), storage: this.#storage, at }
  }

  readPacked(): void {
    throw new StrataError('BUG', 'Raw disks hold no packed clusters', { path: this.#storage.path })
  }

  describe(): ReturnType<FormatDriver['describe']> {
    return { format: 'raw', virtualSize: this.size, dirty: false, encrypted: false, snapshots: [] }
  }

  #assertGrowable(size: number): void {
    if (size < this.size)
      throw new StrataError(
        'UNSUPPORTED',
        'Strata can only make a disk larger, not smaller',
        { path: this.#storage.path, field: 'size' },
        'Make a smaller disk and copy the data over inside the virtual machine.',
      )
  }

  #grow(size: number, preallocation: Preallocation): void {
    this.#assertGrowable(size)
    if (preallocation !== 'off')
      throw new StrataError('UNSUPPORTED', `Preallocation "${preallocation}" is not for raw disks`, { path: this.#storage.path })
    this.#storage.truncate(size)
    this.#storage.flush()
  }

  close(): void {
    try {
      if (this.writer) this.#storage.flush()
    } finally {
      this.#storage.close()
    }
  }
}
