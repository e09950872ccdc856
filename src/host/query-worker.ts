import { parentPort } from 'node:worker_threads'
import type { QueryName, Result } from '../shared/api.ts'
import { toErrorDto } from '../shared/errors.ts'
import { wipe } from '../shared/secrets.ts'
import { createEngine, unwatched, type CallContext } from '../engine/index.ts'
import { canonicalChain } from './canonical-chain.ts'
import type { FromQueryThread, Question, ToQueryThread } from './thread-messages.ts'

const engine = createEngine()

/** What is said otherwise to a window than to the terminal. */
const said: { [M in QueryName]?: (result: Result<M>) => Result<M> } = { info: canonicalChain }

parentPort?.on('message', (question: ToQueryThread) => parentPort?.postMessage(answer(question)))

function answer(question: ToQueryThread): FromQueryThread {
  const { id, gate, secrets = {} } = question
  try {
    return { id, ok: ask(question, { job: unwatched, gate, secrets }) }
  } catch (error) {
    return { id, error: toErrorDto(error) }
  } finally {
    wipe(secrets)
  }
}

/** The compiler sees that method and request belong together as long as both hang on one type. */
function ask<M extends QueryName>({ method, request }: Question<M>, context: CallContext): Result<M> {
  const result = engine[method](request, context)
  return said[method]?.(result) ?? result
}
