// A job's thread that stages two files, settles one, and dies.
import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromJobThread, JobThreadData } from '../../../../src/host/thread-messages.ts'

const { order } = workerData as JobThreadData
const base = order.kind === 'create' ? order.request.path : ''
const say = (message: FromJobThread) => parentPort?.postMessage(message)

for (const staged of [`${base}.settled`, `${base}.staged`]) {
  say({ staged })
  writeFileSync(staged, 'half of it')
}
say({ settled: `${base}.settled` })
throw new Error('out of memory, say')
