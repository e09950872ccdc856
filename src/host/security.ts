import type { JobOrder, JobView } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import type { EngineHost } from './engine-host.ts'
import { filesOf } from './job-files.ts'
import type { JobSecrets } from './jobs.ts'
import { Keyring } from './keyring.ts'
import { secretsNamed } from '../shared/secret-names.ts'

/** Milliseconds from a wrong passphrase to the next try. */
const PAUSE = 400

/** What of the windows' business has to do with passphrases: unlocking and locking images, and handing passphrases to the engine beside requests. */
export class Security {
  readonly #engine: Pick<EngineHost, 'query'>
  readonly #keyring: Keyring
  readonly #onChange: (unlocked: string[]) => void
  #turn: Promise<unknown> = Promise.resolve()

  /** `onChange` hears which images are unlocked, whenever that changes. */
  constructor(engine: Pick<EngineHost, 'query'>, onChange: (unlocked: string[]) => void, keyring = new Keyring()) {
    this.#engine = engine
    this.#onChange = onChange
    this.#keyring = keyring
  }

  /** The canonical paths of the unlocked images. */
  get unlocked(): string[] {
    return this.#keyring.unlocked
  }

  /**
   * Tries a passphrase on an image and keeps it if it fits. One try at a time, and a pause after a wrong one. Throws `WRONG_PASSPHRASE`, and
   * `INVALID_ARGUMENT` for an image that is not encrypted.
   */
  async unlock(path: string, passphrase: string, gate: GateRule): Promise<void> {
    const before = this.#turn
    let done = (): void => undefined
    this.#turn = new Promise<void>((resolve) => (done = resolve))
    await before
    const bytes = new TextEncoder().encode(passphrase)
    try {
      await this.#engine.query('opens', { path }, gate, { [path]: bytes })
      this.#keyring.unlock(path, bytes)
      this.#onChange(this.unlocked)
      done()
    } catch (error) {
      bytes.fill(0)
      setTimeout(done, PAUSE)
      throw error
    }
  }

  lock(path: string): void {
    if (this.#keyring.lock(path)) this.#onChange(this.unlocked)
  }

  /** Keeps a passphrase for one order, which names it by the answer. */
  hold(passphrase: string): string {
    return this.#keyring.hold(new TextEncoder().encode(passphrase))
  }

  /** What a question that reads guest bytes gets beside its request. */
  ofDisks(): Secrets | undefined {
    return this.#keyring.ofDisks()
  }

  /** What a job gets beside its order: what the order names, taken now, and the unlocked images as they are when it starts. Throws `NO_PASSPHRASE`. */
  forOrder(order: JobOrder): JobSecrets {
    const held = this.#keyring.take(secretsNamed(order))
    return {
      all: () => ({ ...this.#keyring.ofDisks(), ...held }),
      drop: () => {
        for (const passphrase of Object.values(held)) passphrase.fill(0)
      },
    }
  }

  /** Forgets passphrases that a job may have made useless: of images that are new, and of those whose key slots changed and that it no longer opens. */
  async afterJob({ order }: JobView, gate: GateRule): Promise<void> {
    const changesKeys = order.kind === 'amend' && order.request.changes.keys !== undefined
    if (order.kind !== 'create' && order.kind !== 'convert' && !changesKeys) return
    for (const path of filesOf(order).writes) {
      const passphrase = this.#keyring.ofDisks()?.[path]
      if (!passphrase) continue
      try {
        await this.#engine.query('opens', { path }, gate, { [path]: passphrase })
      } catch (error) {
        if (error instanceof StrataError) this.lock(path)
        else throw error
      }
    }
  }

  /** Forgets every passphrase. */
  close(): void {
    this.#keyring.clear()
  }
}
