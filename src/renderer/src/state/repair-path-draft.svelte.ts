import type { Client, JobOrder, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { FindParentResult } from '../../../shared/requests.ts'
import { orderCommand } from '../lib/order-command.ts'
import type { Jobs } from './jobs.svelte.ts'

type Candidate = FindParentResult['candidates'][number]

/** A layer that is not where its overlay says, while the person chooses which file it is now. */
export class RepairPathDraft {
  readonly #path: string
  readonly #client: Pick<Client<WindowApi>, 'findParent' | 'requestGrant'>
  readonly #jobs: Jobs
  #found = $state.raw<FindParentResult | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #chosen = $state<string | undefined>(undefined)

  /** the file that the person takes the lost layer for; the likeliest at first */
  readonly candidate = $derived.by<Candidate | undefined>(
    () => this.candidates.find(({ path }) => path === this.#chosen) ?? this.candidates[0],
  )
  readonly order = $derived.by<JobOrder | undefined>(() => {
    const overlay = this.#found?.broken?.path
    if (overlay === undefined || !this.candidate) return undefined
    const { name, format } = this.candidate
    return { kind: 'rebase', request: { path: overlay, format: 'qcow2', backing: { name, format }, mode: 'unsafe' } }
  })
  readonly command = $derived((this.order && orderCommand(this.order)) ?? '')

  constructor(path: string, client: Pick<Client<WindowApi>, 'findParent' | 'requestGrant'>, jobs: Jobs) {
    this.#path = path
    this.#client = client
    this.#jobs = jobs
  }

  /** the layer whose name for the one below leads nowhere, and that name; undefined until it is known */
  get broken(): FindParentResult['broken'] {
    return this.#found?.broken
  }

  /** whether the search is over */
  get looked(): boolean {
    return this.#found !== undefined
  }

  get candidates(): readonly Candidate[] {
    return this.#found?.candidates ?? []
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  choose(path: string): void {
    this.#chosen = path
  }

  /** Looks for files that may be the lost layer. */
  async look(): Promise<void> {
    try {
      this.#found = await this.#client.findParent({ path: this.#path })
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (!this.order) return false
    const { order } = this
    try {
      await this.#jobs.start(order).catch(async (error: unknown) => {
        // A layer below the disk that was opened: Strata may read it, and to change it asks the person.
        const overlay = this.broken?.path
        if (toErrorDto(error).code !== 'DENIED' || overlay === undefined) throw error
        if (!(await this.#client.requestGrant({ path: overlay }))) throw error
        await this.#jobs.start(order)
      })
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }
}
