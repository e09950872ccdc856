import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { MapRun } from '../../../shared/requests.ts'

/** Ranges that are told at once: as many as a person reads. */
const MOST = 100

/** The ranges of a part of a disk in figures: what is alike and lies together is one. */
export class MapRanges {
  readonly #client: Pick<Client<WindowApi>, 'map'>
  readonly #disk: DiskInfo
  #runs = $state.raw<readonly MapRun[]>([])
  /** the first guest byte that is not told, where there were too many */
  #next = $state<number | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #wanted: { start: number; length: number } | undefined
  #busy = false

  constructor(disk: DiskInfo, client: Pick<Client<WindowApi>, 'map'>) {
    this.#disk = disk
    this.#client = client
  }

  get runs(): readonly MapRun[] {
    return this.#runs
  }

  get next(): number | undefined {
    return this.#next
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Reads what a part of the disk is made of, guest bytes. One question at a time: while one is open, only the last part asked for is kept. */
  async read(start: number, length: number): Promise<void> {
    this.#wanted = { start, length }
    if (this.#busy) return
    this.#busy = true
    const { path, format } = this.#disk
    for (;;) {
      const part = this.#wanted
      if (!part) break
      this.#wanted = undefined
      try {
        const { runs, next } = await this.#client.map({ path, format, ...part, most: MOST })
        this.#runs = runs
        this.#next = next !== undefined && next < part.start + part.length ? next : undefined
        this.#error = undefined
      } catch (error) {
        this.#error = toErrorDto(error)
      }
    }
    this.#busy = false
  }
}
