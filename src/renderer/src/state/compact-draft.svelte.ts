import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { CompactRequest, CompactResult } from '../../../shared/requests.ts'
import { compactCommand } from '../lib/command-line.ts'
import { compactRefusal, type CompactRefusal } from '../lib/compact-refusal.ts'
import type { Jobs } from './jobs.svelte.ts'

/** The ways to make an image's file smaller, the gentlest first. */
export const COMPACT_WAYS = ['in-place', 'rewrite', 'compressed'] as const
export type CompactWay = (typeof COMPACT_WAYS)[number]

/** What one way would win, or why it can't be gone. */
export type CompactEstimate = { result: CompactResult } | { refusal: CompactRefusal } | { error: ErrorDto }

/** A choice of how to make an image's file smaller, with what each way would win. */
export class CompactDraft {
  readonly info: DiskInfo
  readonly #jobs: Jobs
  readonly #estimates = new SvelteMap<CompactWay, CompactEstimate>()
  /** the estimates under way, to be cancelled when nobody waits for them any more */
  readonly #looking = new SvelteSet<number>()
  #looks: Promise<unknown> = Promise.resolve()
  #left = false
  #chosen = $state<CompactWay | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)

  /** the person's choice; until then the gentlest way that wins something */
  readonly way = $derived.by<CompactWay>(
    () => this.#chosen ?? COMPACT_WAYS.find((way) => way !== 'compressed' && this.gain(way)) ?? 'in-place',
  )
  readonly estimate = $derived(this.#estimates.get(this.way))
  readonly request = $derived(this.#requestOf(this.way))
  readonly command = $derived.by(() => compactCommand(this.request, this.info.encrypted))
  /** the way that is chosen can be gone, and wins something */
  readonly worthwhile = $derived((this.gain(this.way) ?? 0) > 0)

  constructor(info: DiskInfo, jobs: Jobs) {
    this.info = info
    this.#jobs = jobs
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  choose(way: CompactWay): void {
    this.#chosen = way
  }

  estimateOf(way: CompactWay): CompactEstimate | undefined {
    return this.#estimates.get(way)
  }

  /** Bytes that a way would give back, never less than 0; undefined until it is known, and where it can't be gone. */
  gain(way: CompactWay): number | undefined {
    const estimate = this.#estimates.get(way)
    return estimate && 'result' in estimate ? Math.max(0, estimate.result.before - estimate.result.after) : undefined
  }

  /** Looks what each way would win, where that is not known yet. Changes nothing. `locked`: the disk's passphrase has yet to be entered. */
  async look(locked: boolean): Promise<void> {
    const open = COMPACT_WAYS.filter((way) => this.#isOpen(way))
    await (this.#looks = Promise.all(open.map((way) => this.#look(way, locked))))
  }

  /** Nobody waits for the estimates any more: those under way end. */
  leave(): void {
    this.#left = true
    for (const id of this.#looking) this.#jobs.cancel(id).catch(() => undefined) // it has ended meanwhile
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (!this.worthwhile) return false
    const { request } = this
    // A look at another way still reads the file, and nothing may change it meanwhile.
    this.leave()
    await this.#looks
    try {
      await this.#jobs.start({ kind: 'compact', request })
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }

  /** Whether nothing was found out of a way, but for its want of a passphrase. */
  #isOpen(way: CompactWay): boolean {
    const estimate = this.#estimates.get(way)
    return !estimate || ('refusal' in estimate && estimate.refusal === 'passphrase')
  }

  async #look(way: CompactWay, locked: boolean): Promise<void> {
    const request = this.#requestOf(way)
    const refusal = compactRefusal(this.info, request, locked)
    if (refusal) {
      this.#estimates.set(way, { refusal })
      return
    }
    this.#estimates.delete(way)
    try {
      const { id } = await this.#jobs.start({ kind: 'compact', request: { ...request, dryRun: true } })
      this.#looking.add(id)
      if (this.#left) this.leave()
      const job = await this.#jobs.untilEnd(id)
      this.#looking.delete(id)
      if (job.outcome?.kind === 'compact') this.#estimates.set(way, { result: job.outcome.result })
      else if (job.error) this.#estimates.set(way, { error: job.error })
    } catch (error) {
      this.#estimates.set(way, { error: toErrorDto(error) })
    }
  }

  #requestOf(way: CompactWay): CompactRequest {
    const { path, format } = this.info
    if (way === 'in-place') return { path, format, how: 'in-place' }
    return { path, format, how: 'rewrite', ...(way === 'compressed' && { compress: true }) }
  }
}
