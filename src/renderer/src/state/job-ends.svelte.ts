import type { JobView } from '../../../shared/api.ts'
import { verdictOf } from '../lib/verdict.ts'
import { words } from '../words/en.ts'

/** Ends that come this close together, in milliseconds, are told as one. */
const TOGETHER = 400

/** What a screen reader is told of jobs: that one ended, and how. */
export class JobEnds {
  #gathered: JobView[] = []
  #said = $state.raw({ turn: 0, text: '', failed: false })

  /** the newest sentence; `turn` tells it from the same sentence said before */
  get said(): { turn: number; text: string; failed: boolean } {
    return this.#said
  }

  /** Takes a job that ended. One that the person stopped is no news. */
  take(job: JobView): void {
    if (job.status !== 'done' && job.status !== 'failed') return
    this.#gathered.push(job)
    if (this.#gathered.length === 1) setTimeout(() => this.#tell(), TOGETHER)
  }

  #tell(): void {
    const jobs = this.#gathered
    this.#gathered = []
    const failed = jobs.filter((job) => job.status === 'failed')
    const [only] = jobs
    const text = only && jobs.length === 1 ? sentence(only) : words.jobs.ends(jobs.length - failed.length, failed.length)
    this.#said = { turn: this.#said.turn + 1, text, failed: failed.length > 0 }
  }
}

/** What a job did, a check with its verdict; or where it failed and why. */
function sentence(job: JobView): string {
  const title = words.jobs.title(job.order, job.status)
  if (job.status === 'done') return [title, verdict(job)].filter(Boolean).join(': ')
  return [title, words.jobs.status.failed, job.error?.message].filter(Boolean).join(': ')
}

/** What a check found, in a sentence. A repair that was only looked at tells of what would be, which is no verdict. */
function verdict({ outcome, order }: JobView): string {
  if (outcome?.kind !== 'check' || (order.kind === 'check' && order.request.dryRun === true)) return ''
  const { result } = outcome
  return result.corruptions === 0 && result.checkErrors > 0 ? words.check.unreadable : words.check.headline(verdictOf(result))
}
