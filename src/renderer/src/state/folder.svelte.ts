import type { Client, FolderListing, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'

/** The folder that the browser's file picker shows. */
export class Folder {
  readonly #client: Client<WindowApi>
  #listing = $state.raw<FolderListing | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #turn = 0
  /** only names that hold this are shown */
  filter = $state('')

  readonly entries = $derived.by(() => {
    const needle = this.filter.trim().toLowerCase()
    const all = this.#listing?.entries ?? []
    return needle === '' ? all : all.filter((entry) => entry.name.toLowerCase().includes(needle))
  })

  constructor(client: Client<WindowApi>) {
    this.#client = client
  }

  get listing(): FolderListing | undefined {
    return this.#listing
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Shows a folder; without one, or where it can't be shown, the first granted folder. */
  async go(path?: string): Promise<void> {
    const turn = ++this.#turn
    try {
      const listing = await this.#client.listFolder(path === undefined ? {} : { path })
      if (turn !== this.#turn) return
      this.#listing = listing
      this.#error = undefined
      this.filter = ''
    } catch (error) {
      if (turn !== this.#turn) return
      if (path !== undefined && !this.#listing) return this.go()
      this.#error = toErrorDto(error)
    }
  }
}
