import type { Client, HostFacts, Settings as Saved, WindowApi } from '../../../shared/api.ts'
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

  get facts(): HostFacts {
    return this.#facts
  }

  async load(): Promise<void> {
    const [saved, facts] = await Promise.all([this.#client.settings({}), this.#client.facts({})])
    this.#facts = facts
    this.#take(saved)
  }

  async setTheme(theme: Saved['theme']): Promise<void> {
    this.#take({ ...this.#saved, theme })
    await this.#client.saveSettings(this.#saved)
  }

  #take(saved: Saved): void {
    this.#saved = saved
    if (saved.theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = saved.theme
  }
}
