import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { KeyChange } from '../../../shared/requests.ts'
import { keysCommand } from '../lib/keys-command.ts'
import { baseName } from '../lib/paths.ts'
import type { Jobs } from './jobs.svelte.ts'

/** What a person wants to do with the passphrases of a disk. `last`: no other slot is in use. */
export type KeyAsk = { do: 'add' } | { do: 'change' } | { do: 'remove'; slot: number; last: boolean }

/** One change of a disk's passphrases, until it is done. */
export class KeyDraft {
  readonly info: DiskInfo
  readonly ask: KeyAsk
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  old = $state('')
  passphrase = $state('')
  again = $state('')
  /** the disk's name, typed by whoever removes the last passphrase */
  typed = $state('')
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #working = $state(false)

  readonly command: string
  readonly ready = $derived.by(() => {
    if (this.#working) return false
    if (this.ask.do === 'remove') return !this.ask.last || this.typed === baseName(this.info.path)
    if (this.ask.do === 'change' && this.old === '') return false
    return this.passphrase !== '' && this.passphrase === this.again
  })

  constructor(info: DiskInfo, ask: KeyAsk, client: Client<WindowApi>, jobs: Jobs) {
    this.info = info
    this.ask = ask
    this.#client = client
    this.#jobs = jobs
    this.command = keysCommand(info.path, ask)
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  get working(): boolean {
    return this.#working
  }

  /** Does it and answers whether it is done; what went wrong stays in `error`. */
  async run(): Promise<boolean> {
    if (!this.ready) return false
    this.#working = true
    this.#error = undefined
    try {
      const { path, format } = this.info
      const job = await this.#jobs.run({ kind: 'amend', request: { path, format, changes: { keys: await this.#change() } } })
      this.#error = job.error
      return job.status === 'done'
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    } finally {
      this.#working = false
    }
  }

  /** Forgets what was typed. */
  leave(): void {
    this.old = this.passphrase = this.again = ''
  }

  async #change(): Promise<KeyChange> {
    switch (this.ask.do) {
      case 'add':
        return { do: 'add', secret: await this.#hold(this.passphrase) }
      case 'change':
        return { do: 'change', from: await this.#hold(this.old), to: await this.#hold(this.passphrase) }
      case 'remove':
        return { do: 'empty', slot: this.ask.slot, ...(this.ask.last && { force: true }) }
    }
  }

  async #hold(passphrase: string): Promise<string> {
    return (await this.#client.holdSecret({ passphrase })).name
  }
}
