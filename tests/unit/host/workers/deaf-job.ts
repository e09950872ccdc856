// A job's thread that stages a file and then hears nothing, like a loop that forgot its checkpoints.
import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromJobThread, JobThreadData } from '../../../../src/host/thread-messages.ts'

const { order } = workerData as JobThreadData
const staged = order.kind === 'create' ? `${order.request.path}.staged` : ''
const say = (message: FromJobThread) => parentPort?.postMessage(message)

say({ staged })
writeFileSync(staged, 'half of it')
say({ progress: { phase: 'Deaf', done: 1, total: 2 } })
for (;;) Atomics.load(new Int32Array(1), 0)
