import type { Client, WindowApi, WindowEvents } from '../../shared/api.ts'

/** The window's way to its host: questions, news, and what only some hosts know. */
export interface Host {
  readonly client: Client<WindowApi>
  /** Calls back at each event of this name. */
  on<E extends keyof WindowEvents>(event: E, listener: (data: WindowEvents[E]) => void): void
  /** Calls back when the host stops answering (false) and when it answers again (true). */
  onLink(listener: (up: boolean) => void): void
  /** Where a dropped file lies; null where the page may not know. */
  pathForFile(file: File): string | null
}
