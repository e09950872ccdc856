import { SvelteMap } from 'svelte/reactivity'
import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { HeldSpace, SnapshotSpace } from '../../../shared/snapshot-space.ts'

/** What each snapshot of the disk on the page holds, as far as it is counted. */
export class SnapshotSpaces {
  readonly #client: Client<WindowApi>
  #space = $state.raw<SnapshotSpace | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #counting = $state(false)
  #large = $state(false)
  #turn = 0

  readonly #held = $derived(new SvelteMap(this.#space?.snapshots.map((held) => [held.id, held])))
  /** the most that one state holds, by which the bars are drawn */
  readonly most = $derived(
    Math.max(1, ...[this.#space?.now, ...(this.#space?.snapshots ?? [])].map((held) => (held ? held.alone + held.shared : 0))),
  )

  constructor(client: Client<WindowApi>) {
    this.#client = client
  }

  /** why it can't be counted */
  get error(): ErrorDto | undefined {
    return this.#error
  }

  get counting(): boolean {
    return this.#counting
  }

  /** the maps are so large that they are counted only on request */
  get large(): boolean {
    return this.#large
  }

  /** what the disk as it is holds */
  get now(): HeldSpace | undefined {
    return this.#space?.now
  }

  of(id: string): HeldSpace | undefined {
    return this.#held.get(id)
  }

  /** Counts anew; what was counted before is shown meanwhile. */
  async read(disk: DiskInfo, thorough = false): Promise<void> {
    const turn = ++this.#turn
    this.#counting = true
    try {
      const { space } = await this.#client.snapshotSpace({ path: disk.path, format: disk.format, ...(thorough && { thorough }) })
      if (turn !== this.#turn) return
      this.#space = space
      this.#large = space === undefined
      this.#error = undefined
    } catch (error) {
      if (turn !== this.#turn) return
      this.#space = undefined
      this.#large = false
      this.#error = toErrorDto(error)
    } finally {
      if (turn === this.#turn) this.#counting = false
    }
  }
}
