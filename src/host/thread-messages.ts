import type { JobOrder, JobOutcome, QueryName, Request, Result } from '../shared/api.ts'
import type { ErrorDto } from '../shared/errors.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { Progress } from '../shared/model.ts'
import type { GateRule } from '../engine/index.ts'

/** What the shared word of a job says; its thread looks at it between pieces of work. */
export const RUN = 0
export const PAUSED = 1
export const CANCELLED = 2

/** What a job's thread is born with. `control` is one 32-bit word: `RUN`, `PAUSED` or `CANCELLED`. */
export interface JobThreadData {
  order: JobOrder
  gate: GateRule
  secrets?: Secrets
  control: SharedArrayBuffer
  /** other work on the machine goes first */
  background: boolean
}

/** What a job's thread says. Exactly one `outcome` or `error` comes, as the last. */
export type FromJobThread =
  /** a file that must be removed if the thread dies; said before the file exists */
  | { staged: string }
  /** that file is in its place, or gone */
  | { settled: string }
  | { progress: Progress }
  | { outcome: JobOutcome }
  | { error: ErrorDto }

/** A question to the standing thread. */
export type Question<M extends QueryName> = {
  [K in M]: { id: number; method: K; request: Request<K>; gate: GateRule; secrets?: Secrets }
}[M]
export type ToQueryThread = Question<QueryName>

/** Its answer. */
export type FromQueryThread = { id: number; ok: Result<QueryName> } | { id: number; error: ErrorDto }
