import type { JobView } from '../../../shared/api.ts'

/** The image that a finished job is about: what it made, grew or checked. */
export function resultPath(job: JobView): string | undefined {
  const outcome = job.outcome
  if (!outcome) return undefined
  return outcome.kind === 'check' ? outcome.result.path : outcome.result.info.path
}
