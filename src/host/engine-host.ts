import type { JobOrder, JobOutcome, QueryName, Request, Result } from '../shared/api.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import { JobThread, type JobThreadOptions } from './job-thread.ts'
import { QueryThread } from './query-thread.ts'

/** A job that was started. `pause`, `resume` and `cancel` take effect at the job's next checkpoint. */
export interface RunningJob {
  done: Promise<JobOutcome>
  pause(): void
  resume(): void
  cancel(): void
}

/** The engine in threads: questions in a standing one, those that need passphrases in another, each job in its own. */
export class EngineHost {
  readonly #queries: QueryThread
  /** deriving a key takes seconds, which nobody else shall wait */
  readonly #keyed: QueryThread
  readonly #jobs = new Set<JobThread>()

  constructor(queries = new QueryThread(), keyed = new QueryThread()) {
    this.#queries = queries
    this.#keyed = keyed
  }

  query<M extends QueryName>(method: M, request: Request<M>, gate: GateRule, secrets?: Secrets): Promise<Result<M>> {
    return (secrets ? this.#keyed : this.#queries).ask(method, request, gate, secrets)
  }

  start(order: JobOrder, gate: GateRule, options: JobThreadOptions): RunningJob {
    const job = new JobThread(order, gate, options)
    this.#jobs.add(job)
    job.done.catch(() => undefined).finally(() => this.#jobs.delete(job))
    return job
  }

  /** Cancels all jobs and returns when every thread has ended and nothing staged is left. */
  async close(): Promise<void> {
    for (const job of this.#jobs) job.cancel()
    await Promise.allSettled([...this.#jobs].map((job) => job.done))
    await Promise.all([this.#queries.close(), this.#keyed.close()])
  }
}
