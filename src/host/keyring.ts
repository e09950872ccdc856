import { randomUUID } from 'node:crypto'
import { StrataError } from '../shared/errors.ts'
import { passphraseNamed, wipe, type Secrets } from '../shared/secrets.ts'

/** Milliseconds that a passphrase waits for the order that names it. */
const HELD_FOR = 10 * 60_000
/** Passphrases that wait at a time. */
const MOST_HELD = 100

interface Held {
  passphrase: Uint8Array
  timer: NodeJS.Timeout
}

/**
 * The passphrases of this session, in memory alone: those of unlocked images, by canonical path, until they are locked; and those that an order
 * will name for something new, once each and for ten minutes. All are overwritten when they are given up.
 */
export class Keyring {
  readonly #disks = new Map<string, Uint8Array>()
  readonly #held = new Map<string, Held>()
  readonly #heldFor: number

  constructor(heldFor = HELD_FOR) {
    this.#heldFor = heldFor
  }

  /** The paths of the unlocked images. */
  get unlocked(): string[] {
    return [...this.#disks.keys()]
  }

  /** Keeps the passphrase of an image, which is the keyring's from now on. */
  unlock(path: string, passphrase: Uint8Array): void {
    this.lock(path)
    this.#disks.set(path, passphrase)
  }

  /** Forgets the passphrase of an image; answers whether it had one. */
  lock(path: string): boolean {
    this.#disks.get(path)?.fill(0)
    return this.#disks.delete(path)
  }

  /** The passphrases of all unlocked images, not copied: whoever hands them on copies them at once. Undefined where there is none. */
  ofDisks(): Secrets | undefined {
    return this.#disks.size === 0 ? undefined : Object.fromEntries(this.#disks)
  }

  /** Keeps a passphrase for one order, which names it by the answer. Throws `INVALID_ARGUMENT` where too many wait already. */
  hold(passphrase: Uint8Array): string {
    if (this.#held.size >= MOST_HELD) {
      passphrase.fill(0)
      throw new StrataError('INVALID_ARGUMENT', 'Too many passphrases wait to be used', {}, 'Close some of the open sheets, and try again.')
    }
    const name = `held-${randomUUID()}`
    const timer = setTimeout(() => wipe(this.#release([name])), this.#heldFor)
    timer.unref()
    this.#held.set(name, { passphrase, timer })
    return name
  }

  /** Hands over the held passphrases of these names, for the one who takes them to overwrite; names of unlocked images are passed by. Throws `NO_PASSPHRASE`. */
  take(names: readonly string[]): Secrets {
    const known = this.ofDisks()
    const wanted = names.filter((name) => !passphraseNamed(known, name))
    if (wanted.some((name) => !this.#held.has(name)))
      throw new StrataError(
        'NO_PASSPHRASE',
        'A passphrase that this needs is no longer there',
        { field: 'encrypt' },
        'A passphrase is kept for one use, and for ten minutes. Enter it again.',
      )
    return this.#release(wanted)
  }

  /** Forgets everything. */
  clear(): void {
    wipe(this.#release([...this.#held.keys()]))
    for (const path of this.unlocked) this.lock(path)
  }

  #release(names: readonly string[]): Record<string, Uint8Array> {
    const released: Record<string, Uint8Array> = {}
    for (const name of names) {
      const held = this.#held.get(name)
      if (!held) continue
      clearTimeout(held.timer)
      this.#held.delete(name)
      released[name] = held.passphrase
    }
    return released
  }
}
