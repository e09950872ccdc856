import { parentPort, workerData } from 'node:worker_threads'
import type { JobOrder, JobOutcome } from '../shared/api.ts'
import { toErrorDto } from '../shared/errors.ts'
import { wipe } from '../shared/secrets.ts'
import { createEngine, type CallContext, type Engine } from '../engine/index.ts'
import { SharedJob } from './shared-job.ts'
import type { FromJobThread, JobThreadData } from './thread-messages.ts'

const post = (message: FromJobThread) => parentPort?.postMessage(message)

const { order, gate, secrets = {}, control } = workerData as JobThreadData
const engine = createEngine({ staged: (path) => post({ staged: path }), settled: (path) => post({ settled: path }) })
const job = new SharedJob(control, (progress) => post({ progress }))

// Not while this module is still being evaluated: a thread that is ended in the middle of that takes the whole process with it.
setImmediate(work)

function work(): void {
  try {
    const outcome = run(engine, order, { job, gate, secrets })
    job.settle()
    post({ outcome })
  } catch (error) {
    post({ error: toErrorDto(error) })
  } finally {
    wipe(secrets)
  }
}

function run(engine: Engine, { kind, request }: JobOrder, context: CallContext): JobOutcome {
  switch (kind) {
    case 'create':
      return { kind, result: engine.create(request, context) }
    case 'convert':
      return { kind, result: engine.convert(request, context) }
    case 'check':
      return { kind, result: engine.check(request, context) }
    case 'compact':
      return { kind, result: engine.compact(request, context) }
    case 'measure':
      return { kind, result: engine.measure(request, context) }
    case 'compare':
      return { kind, result: engine.compare(request, context) }
    case 'bench':
      return { kind, result: engine.bench(request, context) }
    case 'resize':
      return { kind, result: engine.resize(request, context) }
    case 'amend':
      return { kind, result: engine.amend(request, context) }
    case 'bitmap':
      return { kind, result: engine.bitmap(request, context) }
    case 'snapshot':
      return { kind, result: engine.snapshot(request, context) }
    case 'commit':
      return { kind, result: engine.commit(request, context) }
    case 'rebase':
      return { kind, result: engine.rebase(request, context) }
  }
}
