import { StrataError } from '../../shared/errors.ts'
import { type BlockStatus, BlockStatuses } from '../device/block-status.ts'
import type { Disk } from '../device/disk.ts'
import type { Platform } from '../device/platform.ts'

/** Guest bytes read at once. */
export const PIECE = 2 * 2 ** 20

/** Whether both are at the same place of one file, whose bytes then need not be read. `real` tells the file of a name. */
export function samePlace({ place: a }: BlockStatus, { place: b }: BlockStatus, real: (path: string) => string): boolean {
  return a && b ? a.at === b.at && real(a.storage.path) === real(b.storage.path) : false
}

/** One of two disks that are compared. Past its end it reads as zeros. */
export class ComparedDisk {
  readonly size: number
  readonly #disk: Disk
  readonly #statuses: BlockStatuses
  readonly #buffer = new Uint8Array(PIECE)
  /** whether the buffer holds nothing but zeros */
  #blank = true

  constructor(disk: Disk, platform: Platform, strict: boolean) {
    this.#disk = disk
    this.size = disk.size
    this.#statuses = new BlockStatuses(disk, platform, strict ? 'told' : 'all')
  }

  status(at: number, max: number): BlockStatus {
    if (at >= this.size) return { length: max, depth: 0, present: false, zero: true, data: false, packed: false }
    return naming('allocation', this.#disk, at, () => this.#statuses.at(at, max))
  }

  read(at: number, length: number, zero: boolean): Uint8Array {
    const bytes = this.#buffer.subarray(0, length)
    if (!zero) naming('content', this.#disk, at, () => this.#disk.readAt(at, bytes))
    else if (!this.#blank) this.#buffer.fill(0)
    this.#blank = zero
    return bytes
  }
}

/** What goes wrong within, with the disk, the guest offset, and what was being done. */
function naming<T>(field: 'allocation' | 'content', { path }: Disk, offset: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof StrataError)) throw error
    throw new StrataError(error.code, error.message, { path, offset, field }, error.hint, error)
  }
}
