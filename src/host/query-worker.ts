import { parentPort } from 'node:worker_threads'
import { toErrorDto } from '../shared/errors.ts'
import { wipe } from '../shared/secrets.ts'
import { createEngine, unwatched, type CallContext } from '../engine/index.ts'
import type { FromQueryThread, ToQueryThread } from './thread-messages.ts'

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

function ask({ method, request }: ToQueryThread, context: CallContext) {
  switch (method) {
    case 'info':
      return engine.info(request, context)
    case 'estimate':
      return engine.estimate(request, context)
    case 'snapshotSpace':
      return engine.snapshotSpace(request, context)
    case 'mapOverview':
      return engine.mapOverview(request, context)
    case 'layout':
      return engine.layout(request, context)
    case 'dependants':
      return engine.dependants(request, context)
    case 'findParent':
      return engine.findParent(request, context)
    case 'map':
      return engine.map(request, context)
  }
}
