import type { Client, JobView, WindowApi } from '../../../shared/api.ts'
import { words } from '../words/en.ts'
import type { Settings } from './settings.svelte.ts'

/** Tells the end of a job by a notification of the system, while this window is not looked at. */
export class JobNotices {
  readonly #client: Client<WindowApi>
  readonly #settings: Settings

  constructor(client: Client<WindowApi>, settings: Settings) {
    this.#client = client
    this.#settings = settings
  }

  /** A job that the person stopped is no news. */
  async tell(job: JobView): Promise<void> {
    if (document.hasFocus() || !this.#settings.notifications || (job.status !== 'done' && job.status !== 'failed')) return
    const title = job.status === 'done' ? words.jobs.notifyDone : words.jobs.notifyFailed
    const body = [words.jobs.title(job.order, job.status), job.error?.message].filter(Boolean).join(': ').slice(0, 200)
    if (this.#settings.facts.kind === 'desktop') await this.#client.notify({ title, body })
    else if (Notification.permission === 'granted')
      new Notification(title, { body, tag: `strata-${job.id}` }).onclick = () => window.focus()
  }
}
