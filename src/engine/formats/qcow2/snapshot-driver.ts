import type { DiskInfo } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { Extent, FormatDriver } from '../driver.ts'
import { l1EntriesFor } from './geometry.ts'
import { GuestView } from './guest-view.ts'
import type { Image } from './image.ts'
import { Mapping } from './mapping.ts'
import { readL1 } from './l1-place.ts'
import type { Snapshot } from './snapshots.ts'
import { VmState } from './vm-state.ts'

/** The disk as a snapshot keeps it, for reading only. */
export class SnapshotDriver implements FormatDriver {
  readonly format = 'qcow2'
  readonly grain: number
  /** guest bytes */
  readonly size: number
  readonly backing: FormatDriver['backing']
  readonly vmState: FormatDriver
  readonly #view: GuestView
  readonly isSparse: (allocated: number) => boolean
  readonly #describe: () => ReturnType<FormatDriver['describe']>
  readonly #close: () => void

  /** `whole` is the image's own driver, which is described in the disk's place, and closed with it. */
  constructor(image: Image, snapshot: Snapshot, whole: Pick<FormatDriver, 'describe' | 'close' | 'isSparse'>) {
    readL1(image, snapshot) // refuses a table that can't be there
    this.grain = image.geometry.subclusterSize
    this.size = snapshot.diskSize ?? image.header.size
    if (snapshot.l1Size < l1EntriesFor(image.geometry, this.size))
      throw new StrataError('CORRUPT', "A snapshot's L1 table is too small for its disk", {
        path: image.storage.path,
        offset: snapshot.l1Offset,
        field: `snapshot ${snapshot.id}`,
      })
    this.backing = image.header.backing
    this.#view = new GuestView(image, new Mapping(image.storage, image.geometry, snapshot))
    this.vmState = new VmState(image, this.#view, snapshot, () => this.size, false)
    this.#describe = () => ({ ...whole.describe(), virtualSize: this.size })
    this.isSparse = (allocated) => whole.isSparse?.(allocated) ?? true
    this.#close = () => whole.close()
  }

  locate(at: number, max: number): Extent {
    return this.#view.locate(at, Math.min(max, this.size - at))
  }

  readPacked(at: number, into: Uint8Array): void {
    this.#view.readPacked(at, into)
  }

  describe(): Pick<DiskInfo, 'format' | 'virtualSize' | 'clusterSize' | 'dirty' | 'encrypted' | 'snapshots'> {
    return this.#describe()
  }

  close(): void {
    this.#close()
  }
}
