import type { JobView } from '../shared/api.ts'

/** What a task bar shows: a share from 0 to 1, below 0 for nothing and above 1 for "it can't be told", and how many jobs there are. */
export interface TaskProgress {
  share: number
  mode: 'none' | 'normal' | 'indeterminate' | 'paused' | 'error'
  count: number
}

/** All jobs as one bar: the mean of those that have begun. */
export function taskProgress(jobs: readonly JobView[], failed: boolean): TaskProgress {
  const active = jobs.filter((job) => job.ended === undefined)
  const begun = active.filter((job) => job.status !== 'waiting')
  const count = active.length
  if (begun.length === 0) return failed ? { share: 1, mode: 'error', count } : { share: -1, mode: 'none', count }
  const told = begun.filter(({ progress }) => progress.total > 0)
  if (told.length === 0) return { share: 2, mode: 'indeterminate', count }
  const share = told.reduce((sum, { progress }) => sum + progress.done / progress.total, 0) / told.length
  const mode = failed ? 'error' : begun.every((job) => job.status === 'paused') ? 'paused' : 'normal'
  return { share, mode, count }
}
