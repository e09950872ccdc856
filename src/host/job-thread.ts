import { rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { JobOrder, JobOutcome } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import type { Progress } from '../shared/model.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import { CANCELLED, PAUSED, RUN, type FromJobThread, type JobThreadData } from './thread-messages.ts'
import { workerEntry } from './worker-entry.ts'

/** Milliseconds that a cancelled job gets to stop by itself before its thread is ended. */
const GRACE = 10_000

export interface JobThreadOptions {
  onProgress: (progress: Progress) => void
  /** copied into the thread, which overwrites its copy */
  secrets?: Secrets
  /** other work on the machine goes first, where a thread can be told so; absent means it does not */
  background?: boolean
  entry?: string
  grace?: number
}

/** One job in a thread of its own. However the thread ends, the files it had staged are gone when `done` settles. */
export class JobThread {
  /** Rejects with the engine's error, `CANCELLED`, or `WORKER_DIED`. */
  readonly done: Promise<JobOutcome>
  readonly #word: Int32Array
  readonly #worker: Worker
  readonly #grace: number
  readonly #staged = new Set<string>()

  constructor(order: JobOrder, gate: GateRule, options: JobThreadOptions) {
    const { onProgress, secrets, background = false, entry = workerEntry('job-worker'), grace = GRACE } = options
    const control = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    this.#word = new Int32Array(control)
    this.#grace = grace
    const data: JobThreadData = { order, gate, control, background, ...(secrets && { secrets }) }
    this.#worker = new Worker(entry, { workerData: data })
    this.done = this.#follow(onProgress)
  }

  pause(): void {
    this.#turn(RUN, PAUSED)
  }

  resume(): void {
    this.#turn(PAUSED, RUN)
  }

  /** Asks the job to stop at its next checkpoint; one that does not in time is ended. */
  cancel(): void {
    Atomics.store(this.#word, 0, CANCELLED)
    Atomics.notify(this.#word, 0)
    const timer = setTimeout(() => void this.#worker.terminate(), this.#grace)
    this.#worker.once('exit', () => clearTimeout(timer))
  }

  #turn(from: number, to: number): void {
    Atomics.compareExchange(this.#word, 0, from, to)
    Atomics.notify(this.#word, 0)
  }

  #follow(onProgress: (progress: Progress) => void): Promise<JobOutcome> {
    let end: Extract<FromJobThread, { outcome: unknown } | { error: unknown }> | undefined
    let cause: unknown
    this.#worker.on('message', (message: FromJobThread) => {
      if ('progress' in message) onProgress(message.progress)
      else if ('staged' in message) this.#staged.add(message.staged)
      else if ('settled' in message) this.#staged.delete(message.settled)
      else end = message
    })
    this.#worker.on('error', (error: unknown) => {
      cause = error
    })
    return new Promise((resolve, reject) => {
      // All messages come before `exit`, whichever way the thread ends.
      this.#worker.once('exit', () => {
        this.#tidy()
        if (end && 'outcome' in end) resolve(end.outcome)
        else reject(end ? StrataError.fromDto(end.error) : this.#death(cause))
      })
    })
  }

  #tidy(): void {
    for (const path of this.#staged) {
      try {
        rmSync(path, { force: true })
      } catch {
        // Nothing more can be done here; the job's own error says what went wrong.
      }
    }
  }

  #death(cause: unknown): StrataError {
    return Atomics.load(this.#word, 0) === CANCELLED
      ? new StrataError('CANCELLED', 'The job was cancelled')
      : new StrataError('WORKER_DIED', 'The thread of this job ended before the job did', {}, 'Nothing was left behind. Try again.', cause)
  }
}
