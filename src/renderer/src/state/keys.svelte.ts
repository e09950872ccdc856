import type { Client, WindowApi } from '../../../shared/api.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { Host } from '../api.ts'

/** Which encrypted images are unlocked, and how that changes. The passphrases themselves are the host's. */
export class Keys {
  readonly #client: Client<WindowApi>
  #unlocked = $state.raw<readonly string[]>([])

  constructor(host: Host) {
    this.#client = host.client
    host.on('unlocked', (paths) => (this.#unlocked = paths))
  }

  async load(): Promise<void> {
    this.#unlocked = await this.#client.unlocked({})
  }

  has(path: string): boolean {
    return this.#unlocked.includes(path)
  }

  /** The first of these disks whose passphrase has yet to be entered. */
  lockedAmong(layers: readonly DiskInfo[]): DiskInfo | undefined {
    return layers.find(({ path, encrypted }) => encrypted && !this.has(path))
  }

  /** Rejects with the host's error where the passphrase does not fit. */
  async unlock(path: string, passphrase: string): Promise<void> {
    this.#unlocked = await this.#client.unlock({ path, passphrase })
  }

  async lock(path: string): Promise<void> {
    this.#unlocked = await this.#client.lock({ path })
  }
}
