import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo } from '../../../shared/model.ts'
import { chainFrom } from '../lib/chain-tree.ts'
import type { Library } from './library.svelte.ts'

/** The disk on the page: what the library last knew of it at once, then what its file says now. */
export class OpenDisk {
  readonly path: string
  readonly #client: Client<WindowApi>
  readonly #library: Library
  #fresh = $state.raw<ChainInfo | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #reading = $state(false)

  readonly entry = $derived.by(() => this.#library.entry(this.#fresh?.layers[0]?.path ?? this.path))
  readonly #known = $derived.by(() => chainFrom(this.#library.entries, this.path))
  readonly chain = $derived.by(() => this.#fresh ?? this.#known)
  /** the window may not open it by itself: what is shown was read through an overlay */
  readonly borrowed = $derived.by(() => this.#error?.code === 'DENIED' && this.#known !== undefined)

  constructor(path: string, client: Client<WindowApi>, library: Library) {
    this.path = path
    this.#client = client
    this.#library = library
  }

  /** why the file can't be shown */
  get error(): ErrorDto | undefined {
    return this.borrowed ? undefined : this.#error
  }

  get reading(): boolean {
    return this.#reading
  }

  async read(): Promise<void> {
    this.#reading = true
    try {
      this.#fresh = await this.#client.info({ path: this.path })
      this.#error = undefined
    } catch (error) {
      this.#fresh = undefined
      this.#error = toErrorDto(error)
    } finally {
      this.#reading = false
    }
  }
}
