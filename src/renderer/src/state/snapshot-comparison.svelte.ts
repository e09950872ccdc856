import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo, SnapshotInfo } from '../../../shared/model.ts'
import type { SnapshotChanges } from '../../../shared/snapshot-changes.ts'
import { ChangePicture } from '../lib/change-picture.ts'

/** What is known so far of how two states differ. */
export interface ChangesSoFar {
  /** guest bytes of the larger of the two */
  size: number
  bytes: number
  places: number
  /** changed bytes of each part of the disk */
  cells: readonly number[]
  partitions: ChangePicture['partitions']
  /** share of the disk that was looked at */
  looked: number
}

/** A snapshot held against the disk as it is, or against another snapshot. */
export class SnapshotComparison {
  readonly info: DiskInfo
  readonly since: SnapshotInfo
  readonly #client: Pick<Client<WindowApi>, 'snapshotChanges' | 'layout'>
  #found = $state.raw<ChangesSoFar | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #other = $state<string | undefined>(undefined)
  #turn = 0

  constructor(info: DiskInfo, since: SnapshotInfo, client: Pick<Client<WindowApi>, 'snapshotChanges' | 'layout'>) {
    this.info = info
    this.since = since
    this.#client = client
  }

  /** the id of the snapshot that it is held against; undefined for the disk as it is */
  get other(): string | undefined {
    return this.#other
  }

  get found(): ChangesSoFar | undefined {
    return this.#found
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Looks through both from the start, answer by answer, until all is known, another comparison begins or the person leaves. */
  async compare(other: string | undefined): Promise<void> {
    const turn = ++this.#turn
    this.#other = other
    this.#found = undefined
    this.#error = undefined
    const { path, format } = this.info
    const state = { path, format, ...(other !== undefined && { snapshot: other }) }
    // Without a layout there are no partitions to name; the comparison itself says what can't be read.
    const partitions = await this.#client.layout(state).then(
      (layout) => layout.partitions,
      () => [],
    )
    let picture: ChangePicture | undefined
    try {
      for (let start: number | undefined = 0; start !== undefined && turn === this.#turn;) {
        const { size, ranges, next }: SnapshotChanges = await this.#client.snapshotChanges({
          ...state,
          since: this.since.id,
          start,
        })
        if (turn !== this.#turn) return
        picture ??= new ChangePicture(size, partitions)
        picture.add(ranges)
        const { bytes, places, cells } = picture
        this.#found = { size, bytes, places, cells: [...cells], partitions: picture.partitions, looked: (next ?? size) / Math.max(1, size) }
        start = next
      }
    } catch (error) {
      if (turn === this.#turn) this.#error = toErrorDto(error)
    }
  }

  /** The person left: nothing more is asked. */
  leave(): void {
    this.#turn++
  }
}
