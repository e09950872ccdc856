// A query thread that answers questions about "/alive", is silent about "/stuck", and dies of all others.
import { parentPort } from 'node:worker_threads'
import type { FromQueryThread, ToQueryThread } from '../../../../src/host/thread-messages.ts'

parentPort?.on('message', ({ id, method, request }: ToQueryThread) => {
  const path = method === 'info' ? request.path : ''
  if (path === '/stuck') for (;;) Atomics.load(new Int32Array(1), 0)
  if (path !== '/alive') process.exit(3)
  const answer: FromQueryThread = { id, ok: { layers: [] } }
  parentPort?.postMessage(answer)
})
