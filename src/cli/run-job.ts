import type { JobName, JobOrder, Result } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import type { Progress } from '../shared/model.ts'
import type { Secrets } from '../shared/secrets.ts'
import { EngineHost } from '../host/engine-host.ts'
import { Failure } from './failure.ts'
import { GATE } from './inspect.ts'
import { progressAnswer } from './progress.ts'
import type { Terminal } from './terminal.ts'

/**
 * Does long work in a thread of its own, so that this one hears when it shall stop: the job is then cancelled, leaves nothing behind, and the
 * failure says no word. Whoever asks is told how far it is. Throws the engine's `StrataError` for everything else.
 */
export async function runJob<K extends JobName>(
  terminal: Terminal,
  order: Extract<JobOrder, { kind: K }>,
  onProgress: (progress: Progress) => void = () => undefined,
  secrets: Secrets = {},
): Promise<Result<K>> {
  let reached: Pick<Progress, 'done' | 'total'> = { done: 0, total: 1 }
  const reach = (progress: Progress): void => {
    reached = progress
    onProgress(progress)
  }
  const job = new EngineHost().start(order, GATE, { onProgress: reach, secrets })
  const endAnswering = terminal.onAsk?.(() => terminal.err(progressAnswer(reached)))
  let stoppedBy: number | undefined
  const endListening = terminal.onStop((exitCode) => {
    stoppedBy = exitCode
    job.cancel()
  })
  try {
    const outcome = await job.done
    // A job's outcome is of the kind that was ordered; the compiler can't see that through the thread.
    return outcome.result as Result<K>
  } catch (error) {
    if (stoppedBy !== undefined && error instanceof StrataError && error.code === 'CANCELLED')
      throw new Failure('', { exitCode: stoppedBy })
    throw error
  } finally {
    endAnswering?.()
    // Once stopped, a second signal must still end the program with its code, however soon it comes.
    if (stoppedBy === undefined) endListening()
  }
}
