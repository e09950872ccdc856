import type { Host } from '../api.ts'

/** Whether the host answers. In the desktop it always does; a browser's socket may drop and come back. */
export class Connection {
  #up = $state(true)

  constructor(host: Host) {
    host.onLink((up) => (this.#up = up))
  }

  get up(): boolean {
    return this.#up
  }
}
