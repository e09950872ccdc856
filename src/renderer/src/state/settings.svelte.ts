import { AT_ONCE } from '../../../shared/api.ts'
import type { Client, HostFacts, Settings as Saved, WindowApi } from '../../../shared/api.ts'
import type { LibraryView } from '../../../shared/library-view.ts'
import { PLAIN_VIEW } from '../lib/library-view.ts'
import type { Host } from '../api.ts'

/** What the person chose for this window, and what the host is. */
export class Settings {
  readonly #client: Client<WindowApi>
  #saved = $state.raw<Saved>({ theme: 'system' })
  #facts = $state.raw<HostFacts>({ kind: 'browser', platform: '', version: '', home: '', separator: '/' })

  constructor(host: Host) {
    this.#client = host.client
  }

  get theme(): Saved['theme'] {
    return this.#saved.theme
  }

  /** jobs that run at once */
  get jobsAtOnce(): number {
    return this.#saved.jobsAtOnce ?? AT_ONCE
  }

  /** whether the system tells the end of a job; a browser must be allowed to first */
  get notifications(): boolean {
    return this.#saved.notifications ?? this.#facts.kind === 'desktop'
  }

  /** how the list of disks is drawn */
  get list(): LibraryView {
    return this.#saved.list ?? PLAIN_VIEW
  }

  get facts(): HostFacts {
    return this.#facts
  }

  async load(): Promise<void> {
    const [saved, facts] = await Promise.all([this.#client.settings({}), this.#client.facts({})])
    this.#facts = facts
    this.#take(saved)
  }

  async setTheme(theme: Saved['theme']): Promise<void> {
    await this.#save({ theme })
  }

  async setJobsAtOnce(jobsAtOnce: number): Promise<void> {
    await this.#save({ jobsAtOnce })
  }

  async setList(list: LibraryView): Promise<void> {
    await this.#save({ list })
  }

  /** Answers false where the browser does not allow it. */
  async setNotifications(notifications: boolean): Promise<boolean> {
    const allowed = !notifications || this.#facts.kind === 'desktop' || (await Notification.requestPermission()) === 'granted'
    if (allowed) await this.#save({ notifications })
    return allowed
  }

  async #save(change: Partial<Saved>): Promise<void> {
    this.#take({ ...this.#saved, ...change })
    await this.#client.saveSettings(this.#saved)
  }

  #take(saved: Saved): void {
    this.#saved = saved
    if (saved.theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = saved.theme
  }
}
