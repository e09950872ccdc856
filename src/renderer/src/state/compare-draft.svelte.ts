import type { Client, JobOrder, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo, DiskInfo } from '../../../shared/model.ts'
import type { CompareResult, SourceImage } from '../../../shared/requests.ts'
import { orderCommand } from '../lib/order-command.ts'
import type { Jobs } from './jobs.svelte.ts'

/** Comparing a disk with another one. */
export class CompareDraft {
  readonly info: DiskInfo
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  #other = $state.raw<ChainInfo | undefined>(undefined)
  /** sizes and what is allocated must be the same too */
  strict = $state(false)
  #result = $state.raw<CompareResult | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #working = $state(false)

  readonly other = $derived(this.#other?.layers[0])
  readonly order = $derived.by<Extract<JobOrder, { kind: 'compare' }> | undefined>(() => {
    if (!this.other) return undefined
    const image = ({ path, format }: DiskInfo): SourceImage => ({ path, format })
    const [left, right] = [image(this.info), image(this.other)]
    return { kind: 'compare', request: { left, right, ...(this.strict && { strict: true }) } }
  })
  readonly command = $derived((this.order && orderCommand(this.order)) ?? '')
  /** every layer that is read */
  readonly layers = $derived(this.#other?.layers ?? [])

  constructor(info: DiskInfo, client: Client<WindowApi>, jobs: Jobs) {
    this.info = info
    this.#client = client
    this.#jobs = jobs
  }

  get result(): CompareResult | undefined {
    return this.#result
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  get working(): boolean {
    return this.#working
  }

  /** Looks at the image to compare with; what was found before is about another question. */
  async with(path: string | undefined): Promise<void> {
    this.#error = undefined
    this.#result = undefined
    this.#other = undefined
    if (path === undefined) return
    try {
      this.#other = await this.#client.info({ path })
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  setStrict(strict: boolean): void {
    this.strict = strict
    this.#result = undefined
  }

  /** Compares, which takes as long as reading both; the result stays in `result`. */
  async run(): Promise<void> {
    const { order } = this
    if (!order || this.#working) return
    this.#working = true
    this.#error = undefined
    this.#result = undefined
    try {
      const { outcome, error } = await this.#jobs.run(order)
      // The person may have asked something else meanwhile.
      if (this.order === order && outcome?.kind === 'compare') this.#result = outcome.result
      this.#error = error
    } catch (error) {
      this.#error = toErrorDto(error)
    } finally {
      this.#working = false
    }
  }
}
