import { parentPort } from 'node:worker_threads'
import type { QueryName, Result } from '../shared/api.ts'
import { toErrorDto } from '../shared/errors.ts'
import { wipe } from '../shared/secrets.ts'
import { createEngine, unwatched, type CallContext } from '../engine/index.ts'
import type { FromQueryThread, Question, ToQueryThread } from './thread-messages.ts'

const engine = createEngine()

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
  return engine[method](request, context)
}
