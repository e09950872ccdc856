import type { JobOrder, JobStatus, JobView } from '../../../../shared/api.ts'
import type { ConvertRequest, SnapshotAction } from '../../../../shared/requests.ts'
import { baseName } from '../../lib/paths.ts'
import { secondsText, sizeText } from '../../lib/sizes.ts'
import { compactWords } from './compact.ts'
import { many } from './many.ts'
import { checkResult, checkTitle } from './repair.ts'

function snapshotTitle(action: SnapshotAction, over: boolean, disk: string): string {
  switch (action.do) {
    case 'create':
      return `${over ? 'Took' : 'Taking'} snapshot ${action.name} of ${disk}`
    case 'apply':
      return `${over ? 'Went' : 'Going'} back to a snapshot of ${disk}`
    case 'delete':
      return `${over ? 'Deleted' : 'Deleting'} a snapshot of ${disk}`
    case 'rename':
      return `${over ? 'Renamed' : 'Renaming'} a snapshot of ${disk}`
  }
}

/** From raw to raw a file's bytes are copied, whatever they hold. */
function convertVerb({ source, target }: ConvertRequest, over: boolean): string {
  if (source.format === 'raw' && target.format === 'raw') return over ? 'Copied' : 'Copying'
  return over ? 'Converted' : 'Converting'
}

/** The tray of jobs: titles, states and results. */
export const jobsWords = {
  region: 'Jobs',
  idle: 'Nothing is running',
  open: 'Show all jobs',
  close: 'Fold the jobs away',
  clear: 'Clear finished jobs',
  none: 'Jobs appear here: conversions, checks, new disks. They go on while you do something else.',
  pause: 'Pause',
  resume: 'Continue',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  pauseAll: 'Pause all',
  resumeAll: 'Continue all',
  cancelAll: 'Cancel all',
  retry: 'Try again',
  retrySecret: 'It used a passphrase, which Strata does not keep. Order it anew.',
  earlier: 'Move up',
  later: 'Move down',
  queue: 'Running and waiting',
  past: 'Finished',
  details: 'Details',
  fewer: 'Hide details',
  speedGraph: (now: string) => `Speed over time, now ${now}`,
  facts: {
    started: 'Began',
    ended: 'Ended',
    took: 'Took',
    copied: 'Worked through',
    average: 'On average',
    before: 'Before',
    after: 'After',
    virtual: 'For the guest',
    disk: 'On disk',
    leaks: 'Marked used, used by nothing',
    corruptions: 'Errors in its tables',
    firstDifference: 'First difference at',
    file: 'File',
  },
  notifyDone: 'Strata: done',
  notifyFailed: 'Strata: this did not work',
  ends: (done: number, failed: number) =>
    [done > 0 ? `${many(done, 'job')} done` : '', failed > 0 ? `${many(failed, 'job')} failed` : ''].filter(Boolean).join(', '),
  others: (count: number) => `+ ${count} more`,
  history: 'Jobs',
  report: 'See the report',
  why: 'See why',
  speed: (bytes: number) => `${sizeText(bytes)}/s`,
  left: (duration: string) => `${duration} left`,
  took: (duration: string) => `took ${duration}`,
  status: {
    waiting: 'Waiting',
    running: 'Running',
    paused: 'Paused',
    done: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled, nothing left behind',
    interrupted: 'Interrupted: Strata ended before it was done',
  } satisfies Record<JobStatus, string>,
  title: (order: JobOrder, status: JobStatus): string => {
    const over = status === 'done'
    const name = (path: string): string => baseName(path)
    switch (order.kind) {
      case 'convert':
        return `${convertVerb(order.request, over)} ${name(order.request.source.path)} → ${name(order.request.target.path)}`
      case 'create':
        return `${over ? 'Created' : 'Creating'} ${name(order.request.path)}`
      case 'check':
        return checkTitle(order.request, over)
      case 'measure': {
        const { source } = order.request
        return `${over ? 'Measured' : 'Measuring'} ${'path' in source ? name(source.path) : sizeText(source.size)}`
      }
      case 'compare':
        return `${over ? 'Compared' : 'Comparing'} ${name(order.request.left.path)} with ${name(order.request.right.path)}`
      case 'bench':
        return `${over ? 'Measured' : 'Measuring'} the speed of ${name(order.request.path)}`
      case 'resize':
        return `${over ? 'Resized' : 'Resizing'} ${name(order.request.path)}`
      case 'amend':
        return `${over ? 'Changed' : 'Changing'} options of ${name(order.request.path)}`
      case 'compact':
        return order.request.dryRun
          ? `${over ? 'Looked' : 'Looking'} for room in ${name(order.request.path)}`
          : `${over ? 'Compacted' : 'Compacting'} ${name(order.request.path)}`
      case 'commit':
        return `${over ? 'Committed' : 'Committing'} ${name(order.request.path)}`
      case 'rebase':
        return `${over ? 'Rebased' : 'Rebasing'} ${name(order.request.path)}`
      case 'snapshot':
        return snapshotTitle(order.request.action, over, name(order.request.path))
      case 'bitmap':
        return `${over ? 'Changed' : 'Changing'} bitmap ${order.request.name} of ${name(order.request.path)}`
    }
  },
  result: (job: JobView): string => {
    const outcome = job.outcome
    if (!outcome) return ''
    switch (outcome.kind) {
      case 'convert':
      case 'create':
      case 'amend':
        return `${sizeText(outcome.result.info.actualSize)} on disk`
      case 'measure':
        return sizeText(outcome.result.required)
      case 'compare':
        return outcome.result.same ? 'They hold the same.' : 'They differ.'
      case 'bench':
        return secondsText(outcome.result.seconds)
      case 'resize':
        return `${sizeText(outcome.result.before)} → ${sizeText(outcome.result.info.virtualSize)}`
      case 'compact':
        return job.order.kind === 'compact' && job.order.request.dryRun
          ? compactWords.rehearsed(outcome.result)
          : `${sizeText(outcome.result.before)} → ${sizeText(outcome.result.after)}`
      case 'commit':
      case 'rebase':
        return `${sizeText(outcome.result.copied)} copied`
      case 'snapshot':
        return many(outcome.result.info.snapshots.length, 'snapshot')
      case 'bitmap':
        return many(outcome.result.info.qcow2?.bitmaps?.length ?? 0, 'bitmap')
      case 'check':
        return checkResult(job.order, outcome.result)
    }
  },
  progress: (title: string) => `Progress of: ${title}`,
} as const
