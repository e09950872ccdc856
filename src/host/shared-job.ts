import { StrataError } from '../shared/errors.ts'
import type { Progress } from '../shared/model.ts'
import type { Job } from '../engine/index.ts'
import { CANCELLED, PAUSED, RUN } from './thread-messages.ts'

/** Reports come out at most this often, in milliseconds. */
const INTERVAL = 100

/** A job inside its thread: steered by a word of shared memory, its progress thinned out on the way to `post`. */
export class SharedJob implements Job {
  readonly #word: Int32Array
  readonly #post: (progress: Progress) => void
  #posted = -Infinity
  #held: Progress | undefined

  constructor(control: SharedArrayBuffer, post: (progress: Progress) => void) {
    this.#word = new Int32Array(control)
    this.#post = post
  }

  checkpoint(): void {
    for (;;) {
      const state = Atomics.load(this.#word, 0)
      if (state === CANCELLED) throw new StrataError('CANCELLED', 'The job was cancelled')
      if (state !== PAUSED) return
      this.settle()
      Atomics.wait(this.#word, 0, PAUSED)
    }
  }

  report(progress: Progress): void {
    this.#held = progress
    if (performance.now() - this.#posted >= INTERVAL) this.settle()
  }

  wait(milliseconds: number): void {
    this.settle()
    Atomics.wait(this.#word, 0, RUN, milliseconds)
  }

  /** Lets out the report that is held back. */
  settle(): void {
    if (this.#held) this.#post(this.#held)
    this.#held = undefined
    this.#posted = performance.now()
  }
}
