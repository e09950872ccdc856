import type { EngineApi, Request, Result } from '../shared/api.ts'
import type { Job } from './base/job.ts'
import type { GateRule } from './io/gate.ts'

export type { Job } from './base/job.ts'
export { unwatched } from './base/job.ts'
export type { GateRule } from './io/gate.ts'
export { isUnder } from './io/gate.ts'

/** What a call brings besides its request. */
export interface CallContext {
  job: Job
  /** which files named inside images may be opened */
  gate: GateRule
}

/** The engine as plain synchronous functions, to be called in a thread that may block. */
export type Engine = { [M in keyof EngineApi]: (request: Request<M>, context: CallContext) => Result<M> }
