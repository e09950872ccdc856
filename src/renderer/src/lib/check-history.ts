import type { JobView } from '../../../shared/api.ts'
import type { CheckReport } from '../../../shared/model.ts'
import type { RepairScope } from '../../../shared/requests.ts'

/** A check, a rehearsal of a repair or a repair that has ended; without a report where it failed. */
export interface EndedCheck {
  job: JobView
  report?: CheckReport
  /** what it was to mend; absent for a check alone */
  repair?: RepairScope
}

/** What checks and repairs have said of one image. */
export interface CheckHistory {
  /** what looked at the image or mended it last */
  last?: EndedCheck
  /** what a repair would do, as long as nothing has checked or mended the image since */
  plan?: EndedCheck
}

/** Reads the history of an image from jobs that have ended, newest first. Cancelled ones say nothing. */
export function checkHistory(ended: readonly JobView[], path: string): CheckHistory {
  const history: CheckHistory = {}
  for (const job of ended) {
    if (job.order.kind !== 'check' || job.order.request.path !== path || job.status === 'cancelled') continue
    const { repair, dryRun } = job.order.request
    const check: EndedCheck = {
      job,
      ...(job.outcome?.kind === 'check' && { report: job.outcome.result }),
      ...(repair && { repair }),
    }
    if (repair === undefined || !dryRun) return { ...history, last: check }
    history.plan ??= check
  }
  return history
}
