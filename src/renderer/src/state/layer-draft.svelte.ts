import type { Client, JobOrder, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import { orderCommand } from '../lib/order-command.ts'
import type { Jobs } from './jobs.svelte.ts'
import type { Library } from './library.svelte.ts'

/** What is asked of an overlay: to move what it holds one layer down, or to need no layer below any more. */
export type LayerAsk = 'commit' | 'flatten'

/** A change to a backing chain while the person looks at what it will do. */
export class LayerDraft {
  readonly info: DiskInfo
  readonly ask: LayerAsk
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  readonly #library: Library
  /** the overlay keeps what it holds after it was committed */
  keep = $state(false)
  /** the person accepts that the named images read otherwise */
  agreed = $state(false)
  /** snapshots in the overlay may read otherwise afterwards */
  changeSnapshots = $state(false)
  #changed = $state.raw<string[] | undefined>(undefined)
  #unread = $state(0)
  #complete = $state(true)
  #error = $state.raw<ErrorDto | undefined>(undefined)

  readonly order = $derived.by<JobOrder>(() => {
    const { path, format } = this.info
    const changed = this.changeSnapshots && { changeSnapshots: true }
    const forced = this.changed.length > 0 && { forced: true }
    return this.ask === 'commit'
      ? { kind: 'commit', request: { path, format, keep: this.keep, ...changed }, ...forced }
      : { kind: 'rebase', request: { path, format, backing: null, mode: 'safe', ...changed } }
  })
  /** Empty where the terminal's one word, which allows both, would allow more than the person does. */
  readonly command = $derived.by(() => {
    const more = this.changed.length > 0 && !this.changeSnapshots && this.info.snapshots.length > 0
    return more ? '' : (orderCommand(this.order) ?? '')
  })
  readonly ready = $derived(this.looked && (this.changed.length === 0 || this.agreed))

  constructor(info: DiskInfo, ask: LayerAsk, client: Client<WindowApi>, jobs: Jobs, library: Library) {
    this.info = info
    this.ask = ask
    this.#client = client
    this.#jobs = jobs
    this.#library = library
    if (ask === 'flatten') this.#changed = []
  }

  /** whether it is known which images would read otherwise */
  get looked(): boolean {
    return this.#changed !== undefined
  }

  /** images that stand on the layer below beside this one, and would read otherwise */
  get changed(): readonly string[] {
    return this.#changed ?? []
  }

  /** images that could not be read: whether they stand on the layer is not known */
  get unread(): number {
    return this.#unread
  }

  /** false where the folder held more files than were looked at */
  get complete(): boolean {
    return this.#complete
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Looks for the images that stand on the layer below. */
  async look(): Promise<void> {
    const below = this.info.backingPath
    if (this.ask === 'flatten' || below === undefined) return
    try {
      const found = await this.#client.dependants({ path: below })
      // One above this overlay sees the same through it.
      const near = found.dependants.filter(({ chain }) => !chain.includes(this.info.path)).map(({ path }) => path)
      this.#changed = [...near, ...this.#known(below).filter((path) => !near.includes(path))]
      this.#unread = found.unread.length
      this.#complete = found.complete
      this.#error = undefined
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  /** whether the layer below was not given to Strata, which the person can mend by saying so */
  get denied(): boolean {
    return this.ask === 'commit' && !this.looked && this.#error?.code === 'DENIED'
  }

  /** Has the person asked for the layer below; on a yes looks on. */
  async requestBelow(): Promise<void> {
    const path = this.info.backingPath
    if (path === undefined) return
    try {
      if (await this.#client.requestGrant({ path })) await this.look()
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  /** Images of the library, wherever they lie, that stand on `below` and not on this overlay. */
  #known(below: string): string[] {
    const chains = this.#library.entries.map(({ chain }) => chain?.layers.map(({ path }) => path) ?? [])
    return chains.flatMap(([top, ...lower]) =>
      top !== undefined && top !== this.info.path && lower.includes(below) && !lower.includes(this.info.path) ? [top] : [],
    )
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (!this.ready) return false
    try {
      await this.#jobs.start(this.order)
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }
}
