import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo } from '../../../shared/model.ts'
import type { Library } from './library.svelte.ts'

/** The disk on the page: what the library last knew of it at once, then what its file says now. */
export class OpenDisk {
  readonly path: string
  readonly #client: Client<WindowApi>
  readonly #library: Library
  #fresh = $state.raw<ChainInfo | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #reading = $state(false)

  readonly entry = $derived.by(() => this.#library.entry(this.path))
  readonly chain = $derived.by(() => this.#fresh ?? this.entry?.chain)

  constructor(path: string, client: Client<WindowApi>, library: Library) {
    this.path = path
    this.#client = client
    this.#library = library
  }

  get error(): ErrorDto | undefined {
    return this.#error
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
