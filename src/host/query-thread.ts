import { Worker } from 'node:worker_threads'
import type { QueryName, Request, Result } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import type { FromQueryThread } from './thread-messages.ts'
import { workerEntry } from './worker-entry.ts'

interface Waiting {
  /** the engine answers in the type of the method that was asked */
  resolve: (result: never) => void
  reject: (error: StrataError) => void
}

/** Milliseconds after which a question that is being worked on counts as stuck, and its thread is ended. */
const PATIENCE = 60_000

/** The standing thread for quick questions, one after the other. Started when first asked, and anew after it died. */
export class QueryThread {
  readonly #entry: string
  readonly #patience: number
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #watch: NodeJS.Timeout | undefined
  #asked = 0
  #closed = false

  constructor(entry = workerEntry('query-worker'), patience = PATIENCE) {
    this.#entry = entry
    this.#patience = patience
  }

  /** Rejects with the engine's error, or `WORKER_DIED` when the thread ends first. */
  ask<M extends QueryName>(method: M, request: Request<M>, gate: GateRule, secrets?: Secrets): Promise<Result<M>> {
    if (this.#closed) return Promise.reject(died('Strata is closing'))
    return new Promise<Result<M>>((resolve, reject) => {
      const id = ++this.#asked
      this.#waiting.set(id, { resolve, reject })
      this.#thread().postMessage({ id, method, request, gate, ...(secrets && { secrets }) })
      if (this.#waiting.size === 1) this.#rearm()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(this.#entry)
    let cause: unknown
    worker.on('message', (message: FromQueryThread) => this.#settle(message))
    worker.on('error', (error: unknown) => {
      cause = error
    })
    worker.on('exit', () => this.#bury(cause))
    // A thread that waits for questions must not keep the process alive.
    worker.unref()
    return (this.#worker = worker)
  }

  #settle(message: FromQueryThread): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    this.#rearm()
    if ('error' in message) waiting?.reject(StrataError.fromDto(message.error))
    else waiting?.resolve(message.ok as never)
  }

  #bury(cause: unknown): void {
    this.#worker = undefined
    const error = died('The thread that reads images ended without an answer', cause)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#rearm()
  }

  /** The clock runs while a question is being worked on; it holds the process while an answer is owed. */
  #rearm(): void {
    clearTimeout(this.#watch)
    if (this.#waiting.size > 0) this.#watch = setTimeout(() => void this.#worker?.terminate(), this.#patience)
  }
}

function died(message: string, cause?: unknown): StrataError {
  return new StrataError('WORKER_DIED', message, {}, 'Try again; if it happens again with this image, please report it.', cause)
}
