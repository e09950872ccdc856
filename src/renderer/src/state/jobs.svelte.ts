import { SvelteMap } from 'svelte/reactivity'
import type { Client, JobOrder, JobStatus, JobView, WindowApi } from '../../../shared/api.ts'
import type { CompactResult } from '../../../shared/requests.ts'
import type { Host } from '../api.ts'
import { checkHistory, type CheckHistory } from '../lib/check-history.ts'

const ENDED: readonly JobStatus[] = ['done', 'failed', 'cancelled', 'interrupted']
/** Speeds that are remembered of a job, for its graph. */
const SPEEDS_KEPT = 120

/** True once a job will change no more. */
export function hasEnded(job: JobView): boolean {
  return ENDED.includes(job.status)
}

/** What runs or rests by its age, then what waits by its turn. */
function byTurn(a: JobView, b: JobView): number {
  return (a.place ?? 0) - (b.place ?? 0) || a.id - b.id
}

/** The host's jobs as this window sees them, newest first, and the orders that a person gives them. */
export class Jobs {
  readonly #client: Client<WindowApi>
  readonly #byId = new SvelteMap<number, JobView>()
  /** the highest share seen of each job: a bar never goes back */
  readonly #shares = new SvelteMap<number, number>()
  readonly #speeds = new SvelteMap<number, readonly number[]>()
  #listeners: ((job: JobView) => void)[] = []

  /** whether the tray is open */
  open = $state(false)
  /** the waiting job that is being dragged to another turn */
  dragged = $state<number | undefined>(undefined)
  readonly all = $derived([...this.#byId.values()].sort((a, b) => b.id - a.id))
  readonly active = $derived(this.all.filter((job) => !hasEnded(job)).sort(byTurn))
  readonly waiting = $derived(this.active.filter((job) => job.status === 'waiting'))
  readonly running = $derived(this.active.filter((job) => job.status === 'running'))
  readonly ended = $derived(this.all.filter(hasEnded))

  constructor(host: Host) {
    this.#client = host.client
    host.on('job', (job) => this.#take(job))
  }

  /** Reads all jobs anew, at the start and after the connection was lost. */
  async load(): Promise<void> {
    const jobs = await this.#client.jobs({})
    for (const id of [...this.#byId.keys()]) if (!jobs.some((job) => job.id === id)) this.#forget(id)
    for (const job of jobs) this.#take(job)
  }

  async start(order: JobOrder): Promise<JobView> {
    const job = await this.#client.startJob(order)
    const known = this.#byId.get(job.id)
    if (!known) this.#take(job)
    return known ?? job
  }

  /** Starts a job and answers when it has ended, however it ended. */
  async run(order: JobOrder): Promise<JobView> {
    const { id } = await this.start(order)
    return this.untilEnd(id)
  }

  /** Answers when a job that was started has ended, however it ended. */
  async untilEnd(id: number): Promise<JobView> {
    // It may have ended already.
    const job = this.#byId.get(id)
    if (job && hasEnded(job)) return job
    return new Promise((resolve) => {
      const stop = this.onEnd((ended) => {
        if (ended.id !== id) return
        stop()
        resolve(ended)
      })
    })
  }

  /** Calls back for each job that ends from now on; answers how to stop. */
  onEnd(listener: (job: JobView) => void): () => void {
    this.#listeners.push(listener)
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener))
  }

  async pause(id: number): Promise<void> {
    await this.#client.pauseJob({ id })
  }

  async resume(id: number): Promise<void> {
    await this.#client.resumeJob({ id })
  }

  async cancel(id: number): Promise<void> {
    await this.#client.cancelJob({ id })
  }

  /** Lets a waiting job go before another that waits, or last. */
  async move(id: number, before?: number): Promise<void> {
    await this.#client.moveJob({ id, ...(before !== undefined && { before }) })
  }

  /** Lets a waiting job go one turn earlier (-1) or later (1); the first and the last stay. */
  async shift(id: number, by: -1 | 1): Promise<void> {
    const ids = this.waiting.map((job) => job.id)
    const at = ids.indexOf(id)
    if (at < 0 || at + by < 0 || at + by >= ids.length) return
    await this.move(id, by < 0 ? ids[at - 1] : ids[at + 2])
  }

  /** Gives the order of a job that did not come to its end anew. */
  async retry(id: number): Promise<void> {
    const job = await this.#client.retryJob({ id })
    if (!this.#byId.has(job.id)) this.#take(job)
  }

  async pauseAll(): Promise<void> {
    await this.#client.pauseJobs({})
  }

  async resumeAll(): Promise<void> {
    await this.#client.resumeJobs({})
  }

  async cancelAll(): Promise<void> {
    await this.#client.cancelJobs({})
  }

  /** The speeds of a job since this window saw it, in bytes a second, oldest first; the newest are kept. */
  speeds(id: number): readonly number[] {
    return this.#speeds.get(id) ?? []
  }

  /** Forgets the jobs that have ended. */
  async clear(): Promise<void> {
    await this.#client.clearJobs({})
    for (const job of this.ended) this.#forget(job.id)
  }

  /** How far a job is, 0 to 1; undefined while it can't be told. */
  share(job: JobView): number | undefined {
    return job.status === 'done' ? 1 : this.#shares.get(job.id)
  }

  /** The check of this image that runs now. */
  checkOf(path: string): JobView | undefined {
    return this.active.find((job) => job.order.kind === 'check' && job.order.request.path === path)
  }

  /** What the checks and repairs of this image that have ended say of it. */
  checksOf(path: string): CheckHistory {
    return checkHistory(this.ended, path)
  }

  /** The newest compaction of this image that was done in earnest. */
  compactionOf(path: string): { job: JobView; result: CompactResult } | undefined {
    for (const job of this.ended) {
      if (job.outcome?.kind !== 'compact' || job.order.kind !== 'compact' || job.order.request.dryRun) continue
      if (job.order.request.path === path) return { job, result: job.outcome.result }
    }
    return undefined
  }

  #take(job: JobView): void {
    const before = this.#byId.get(job.id)
    if (before && hasEnded(before)) return
    const { done, total } = job.progress
    if (total > 0) this.#shares.set(job.id, Math.max(this.#shares.get(job.id) ?? 0, Math.min(1, done / total)))
    if (job.speed !== undefined) this.#speeds.set(job.id, [...this.speeds(job.id), job.speed].slice(-SPEEDS_KEPT))
    this.#byId.set(job.id, job)
    if (!hasEnded(job)) return
    if (before) for (const listener of this.#listeners) listener(job)
  }

  #forget(id: number): void {
    this.#byId.delete(id)
    this.#shares.delete(id)
    this.#speeds.delete(id)
  }
}
