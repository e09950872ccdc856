import type { JobName, JobOrder, JobOutcome } from '../shared/api.ts'
import type { CallContext, Engine } from '../engine/index.ts'

/** Does what an order says, and answers when it is done. Throws what the engine throws. */
export function doJob<M extends JobName>(engine: Engine, { kind, request }: JobOrder<M>, context: CallContext): JobOutcome<M> {
  return { kind, result: engine[kind](request, context) }
}
