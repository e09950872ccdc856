import { StrataError } from '../../../shared/errors.ts'
import type { DriverWriter, Extent, FormatDriver, Lease, ResizeFacet } from '../driver.ts'
import { l1EntriesFor } from './geometry.ts'
import { growL1 } from './grow.ts'
import type { GuestView } from './guest-view.ts'
import type { Image } from './image.ts'
import type { Root } from './mapping.ts'

/** Guest offset at which the machine's state begins: the reach of the first L1 entry that the disk does not need (section "Snapshots"). */
export function vmStateStart({ geometry, header }: Pick<Image, 'geometry' | 'header'>, size = header.size): number {
  return l1EntriesFor(geometry, size) * geometry.l2Reach
}

/** The machine's state behind a disk, as a disk of its own: byte 0 is the first byte of the state. */
export class VmState implements FormatDriver {
  readonly format = 'qcow2'
  readonly grain: number
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly #image: Image
  readonly #view: GuestView
  readonly #root: Root
  readonly #start: () => number

  /** `root` and `diskSize` are of the map whose state it is: the active one, or a snapshot's, which is only read. */
  constructor(image: Image, view: GuestView, root: Root, diskSize: () => number, writable: boolean) {
    this.#image = image
    this.#view = view
    this.#root = root
    this.#start = () => vmStateStart(image, diskSize())
    this.grain = image.geometry.subclusterSize
    if (!writable) return
    this.writer = {
      reserve: (at, length) => this.#shifted(image.reserve(this.#start() + at, length)),
      zero: (at, length) => image.zero(this.#start() + at, length),
      discard: (at, length) => image.discard(this.#start() + at, length),
      flush: () => image.flush(),
    }
    this.resize = {
      assertGrowable() {},
      grow: (size) => {
        image.touch()
        growL1(image, l1EntriesFor(image.geometry, this.#start() + size))
      },
    }
  }

  /** All that the map reaches behind the disk. */
  get size(): number {
    return Math.max(0, this.#root.l1Size * this.#image.geometry.l2Reach - this.#start())
  }

  locate(at: number, max: number): Extent {
    return this.#view.locate(this.#start() + at, Math.min(max, this.size - at))
  }

  readPacked(at: number, into: Uint8Array): void {
    this.#view.readPacked(this.#start() + at, into)
  }

  #shifted(lease: Lease): Lease {
    return { ...lease, start: lease.start - this.#start() }
  }

  describe(): never {
    throw new StrataError('BUG', 'The state of a machine describes no image', { path: this.#image.storage.path })
  }

  /** The image stays open. */
  close(): void {
    this.writer?.flush()
  }
}
