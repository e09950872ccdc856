import { join } from 'node:path'
import * as v from 'valibot'
import type { JobOutcome, JobView } from '../shared/api.ts'
import { ERROR_CODES, type ErrorDto } from '../shared/errors.ts'
import { JsonFile } from './json-file.ts'
import { OrderSchema } from './requests.ts'

/** What of a job is kept; what it did when Strata ended is the one thing that may be older than the job. */
export type KeptJob = Omit<JobView, 'speed' | 'secondsLeft' | 'place'>

const time = v.pipe(v.number(), v.safeInteger())
const count = v.pipe(v.number(), v.minValue(0))
const where = v.object({ path: v.exactOptional(v.string()), offset: v.exactOptional(v.number()), field: v.exactOptional(v.string()) })
const error: v.GenericSchema<unknown, ErrorDto> = v.object({
  code: v.picklist(ERROR_CODES),
  message: v.string(),
  where,
  hint: v.exactOptional(v.string()),
})

/** An outcome is the engine's own words, written by this host alone: that it belongs to its order is what is looked at. */
const outcome = v.custom<JobOutcome>(
  (value) => v.safeParse(v.object({ kind: v.string(), result: v.record(v.string(), v.unknown()) }), value).success,
)

const job = v.pipe(
  v.object({
    id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    order: OrderSchema,
    status: v.picklist(['waiting', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted']),
    progress: v.object({ phase: v.string(), done: count, total: count }),
    started: time,
    ended: v.exactOptional(time),
    outcome: v.exactOptional(outcome),
    error: v.exactOptional(error),
  }),
  v.check(({ order, outcome }) => outcome === undefined || outcome.kind === order.kind),
)

const HistorySchema = v.object({ jobs: v.array(job) })

/**
 * The jobs that outlive the program, kept as `jobs.json` in the data folder: orders and their results. An order names passphrases and
 * never holds one, so none is written.
 */
export class JobHistory {
  readonly #file: JsonFile<{ jobs: KeptJob[] }>
  #pending: (() => KeptJob[]) | undefined

  constructor(folder: string) {
    this.#file = new JsonFile<{ jobs: KeptJob[] }>(join(folder, 'jobs.json'), HistorySchema, () => ({ jobs: [] }))
  }

  /** Where a damaged file was kept, if there was one. */
  get keptAside(): string | undefined {
    return this.#file.keptAside
  }

  /** Oldest first. A job that had not ended when the program did was interrupted. */
  read(): KeptJob[] {
    return this.#file.read().jobs.map((kept) => (kept.ended === undefined ? { ...kept, status: 'interrupted', ended: kept.started } : kept))
  }

  /** Writes before the next turn of the event loop: what changes together is written once. */
  save(jobs: () => KeptJob[]): void {
    if (!this.#pending) setImmediate(() => this.flush())
    this.#pending = jobs
  }

  /** Writes what waits to be written. A history that can't be kept is no reason to lose a job: then it is not kept. */
  flush(): void {
    const jobs = this.#pending
    this.#pending = undefined
    if (!jobs) return
    try {
      this.#file.write({ jobs: jobs() })
    } catch {
      // The data folder is full or read-only; the window still shows the jobs of this session.
    }
  }
}
