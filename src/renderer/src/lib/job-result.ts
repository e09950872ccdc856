import type { JobView } from '../../../shared/api.ts'
import { verdictOf } from './verdict.ts'

/** How a job's mark looks: a check that ended well may still have found something. */
export function jobTone(job: JobView): 'good' | 'warn' | 'bad' | 'plain' {
  if (job.status === 'failed') return 'bad'
  if (job.status !== 'done') return 'plain'
  if (job.outcome?.kind !== 'check') return 'good'
  return ({ fine: 'good', leaks: 'warn', corrupt: 'bad' } as const)[verdictOf(job.outcome.result)]
}

/** The image that a finished job is about: what it made, grew or checked. */
export function resultPath(job: JobView): string | undefined {
  const outcome = job.outcome
  if (!outcome) return undefined
  return outcome.kind === 'check' ? outcome.result.path : outcome.result.info.path
}
