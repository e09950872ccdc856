import { Worker } from 'node:worker_threads'
import type { FuzzFailure, FuzzScore } from './campaign.ts'

/** What the thread is born with. `names` absent means all parsers; `turn` is how long one is attacked before the next, in milliseconds. */
export interface FuzzThreadData {
  names?: string[]
  seed: number
  seconds: number
  turn: number
  /** a count of inputs, the length of the last one's text, and that text */
  shared: SharedArrayBuffer
}

export type FromFuzzThread = { failure: FuzzFailure } | { score: FuzzScore } | { done: true }

/** Milliseconds without a new input after which a thread counts as hung; less than this the thread sees for itself. */
const HUNG = 30_000
const SHARED = 2 ** 20

/** Attacks parsers in a thread, and hears of everything that fails; what never ends is found from here. Answers with the scores. */
export async function fuzz(
  options: { names?: string[]; seed: number; seconds: number; turn: number },
  heard: { failed(failure: FuzzFailure): void; scored?(score: FuzzScore): void },
): Promise<FuzzScore[]> {
  const shared = new SharedArrayBuffer(SHARED)
  const data: FuzzThreadData = { ...options, shared }
  const scores = new Map<string, FuzzScore>()
  const thread = new Worker(new URL('./fuzz-thread.ts', import.meta.url), { workerData: data })
  const ended = Promise.withResolvers<undefined>()
  const watch = watchFor(shared, (failure) => {
    heard.failed(failure)
    ended.resolve(undefined)
  })
  thread.on('message', (message: FromFuzzThread) => {
    if ('failure' in message) heard.failed(message.failure)
    else if ('done' in message) ended.resolve(undefined)
    else {
      scores.set(message.score.parser, message.score)
      heard.scored?.(message.score)
    }
  })
  thread.on('error', (error: unknown) => {
    heard.failed(lastInput(shared, `ended the thread: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
    ended.resolve(undefined)
  })
  await ended.promise
  clearInterval(watch)
  await thread.terminate()
  return [...scores.values()]
}

function watchFor(shared: SharedArrayBuffer, failed: (failure: FuzzFailure) => void): NodeJS.Timeout {
  const count = new Int32Array(shared, 0, 2)
  let last = 0
  let since = Date.now()
  return setInterval(() => {
    const now = Atomics.load(count, 0)
    if (now !== last) [last, since] = [now, Date.now()]
    // Before the first input the thread makes its images.
    else if (now > 0 && Date.now() - since > HUNG) failed(lastInput(shared, `gave no answer in ${HUNG} ms`))
  }, 500)
}

function lastInput(shared: SharedArrayBuffer, what: string): FuzzFailure {
  const length = Atomics.load(new Int32Array(shared, 0, 2), 1)
  const text = new TextDecoder().decode(new Uint8Array(shared, 8, length).slice())
  try {
    const { parser, input } = JSON.parse(text) as { parser: string; input: unknown }
    return { parser, what, input }
  } catch {
    return { parser: 'unknown', what, input: text }
  }
}
