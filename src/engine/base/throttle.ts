import type { Job } from './job.ts'

/** Holds a job to a rate. */
export class Throttle {
  readonly #job: Job
  readonly #rate: number
  readonly #now: () => number
  /** when what was let through so far is paid for, in milliseconds */
  #due = 0

  /** `rate` in bytes a second; 0 for none. */
  constructor(job: Job, rate: number, now = () => performance.now()) {
    this.#job = job
    this.#rate = rate
    this.#now = now
  }

  /** Waits until the next bytes may pass, and lets them. Throws what the job's checkpoint throws, as soon as it would. */
  pass(bytes: number): void {
    if (this.#rate === 0 || !this.#job.wait) return
    for (let left = this.#due - this.#now(); left > 0; left = this.#due - this.#now()) {
      this.#job.wait(left)
      this.#job.checkpoint()
    }
    this.#due = Math.max(this.#due, this.#now()) + (bytes / this.#rate) * 1000
  }
}
