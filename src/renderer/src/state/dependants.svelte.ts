import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { Dependant } from '../../../shared/requests.ts'

/** The images in a disk's folder that stand on it: what they read changes with its content. */
export class Dependants {
  readonly #path: string
  readonly #client: Pick<Client<WindowApi>, 'dependants'>
  /** undefined until it is known */
  #paths = $state.raw<readonly string[] | undefined>(undefined)
  #found = $state.raw<readonly Dependant[]>([])
  #complete = $state(true)
  #unread = $state(0)
  #error = $state.raw<ErrorDto | undefined>(undefined)

  constructor(path: string, client: Pick<Client<WindowApi>, 'dependants'>) {
    this.#path = path
    this.#client = client
  }

  get paths(): readonly string[] | undefined {
    return this.#paths
  }

  /** all of them, with the layers between; those that can't be read as they are too */
  get found(): readonly Dependant[] {
    return this.#found
  }

  /** false where a file could not be looked at: there may be more */
  get complete(): boolean {
    return this.#complete
  }

  /** how many files could not be read, and may stand on the disk too */
  get unread(): number {
    return this.#unread
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  async read(): Promise<void> {
    try {
      const { dependants, unread, complete } = await this.#client.dependants({ path: this.#path })
      this.#found = dependants
      // One that can't be read as it is has nothing to lose.
      this.#paths = dependants.filter(({ broken }) => broken === undefined).map(({ path }) => path)
      this.#unread = unread.length
      this.#complete = complete && unread.length === 0
      this.#error = undefined
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }
}
