import type { JobView } from '../../../shared/api.ts'
import { verdictOf } from './verdict.ts'

/** How a job's mark looks: a check that ended well may still have found something. */
export function jobTone(job: JobView): 'good' | 'warn' | 'bad' | 'plain' {
  if (job.status === 'failed') return 'bad'
  if (job.status !== 'done') return 'plain'
  if (job.outcome?.kind !== 'check') return 'good'
  return ({ fine: 'good', leaks: 'warn', corrupt: 'bad' } as const)[verdictOf(job.outcome.result)]
}

/** The image that a finished job is about: what it made, grew or checked. One that only measures or compares is about none. */
export function resultPath(job: JobView): string | undefined {
  const outcome = job.outcome
  if (!outcome) return undefined
  if (outcome.kind === 'check') return outcome.result.path
  return 'info' in outcome.result ? outcome.result.info.path : undefined
}
