import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { toErrorDto } from '../shared/errors.ts'
import { wipe } from '../shared/secrets.ts'
import { createEngine } from '../engine/index.ts'
import { doJob } from './do-job.ts'
import { SharedJob } from './shared-job.ts'
import type { FromJobThread, JobThreadData } from './thread-messages.ts'

const post = (message: FromJobThread) => parentPort?.postMessage(message)

const { order, gate, secrets = {}, control, background } = workerData as JobThreadData
const engine = createEngine({ staged: (path) => post({ staged: path }), settled: (path) => post({ settled: path }) })
const job = new SharedJob(control, (progress) => post({ progress }))

// Not while this module is still being evaluated: a thread that is ended in the middle of that takes the whole process with it.
setImmediate(work)

function work(): void {
  // Linux counts each thread by itself; elsewhere the whole program would be held back.
  if (background && process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  try {
    const outcome = doJob(engine, order, { job, gate, secrets })
    job.settle()
    post({ outcome })
  } catch (error) {
    post({ error: toErrorDto(error) })
  } finally {
    wipe(secrets)
  }
}
