import type { JobOrder, JobOutcome, JobStatus, JobView } from '../shared/api.ts'
import { StrataError, toErrorDto } from '../shared/errors.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import type { EngineHost, RunningJob } from './engine-host.ts'
import { collide } from './job-files.ts'
import { JobPace } from './job-pace.ts'

/** Jobs that run at once; the others wait their turn. A paused job leaves its place, and takes up its work at once when resumed. */
const AT_ONCE = 2
/** Ended jobs that are remembered. */
const KEPT = 100

/** The passphrases of a job, never in its order: all that it needs at its start, and how to overwrite those that are its alone. */
export interface JobSecrets {
  all: () => Secrets
  drop: () => void
}

interface Entry {
  readonly id: number
  readonly order: JobOrder
  readonly gate: () => GateRule
  readonly secrets: JobSecrets | undefined
  readonly pace: JobPace
  status: JobStatus
  started: number
  ended?: number
  outcome?: JobOutcome
  error?: unknown
  running?: RunningJob
}

/** All jobs of this host, whichever window ordered them. Every change is told to the listeners as a whole view. */
export class Jobs {
  readonly #engine: Pick<EngineHost, 'start'>
  readonly #entries = new Map<number, Entry>()
  readonly #listeners = new Set<(view: JobView) => void>()
  #last = 0

  constructor(engine: Pick<EngineHost, 'start'>) {
    this.#engine = engine
  }

  /** Oldest first. */
  list(): JobView[] {
    return [...this.#entries.values()].map(view)
  }

  /** Calls back with each job that began, moved or ended; answers how to stop. */
  subscribe(listener: (view: JobView) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Starts a job, or lets it wait. Throws `IN_USE` while an active job writes what this one needs, or needs what this one writes. */
  start(order: JobOrder, gate: () => GateRule, secrets?: JobSecrets): JobView {
    const other = this.#active().find((entry) => collide(entry.order, order))
    if (other)
      throw new StrataError('IN_USE', 'Another job works on one of these files', {}, 'Wait until that job has ended, or cancel it.')
    const entry: Entry = { id: ++this.#last, order, gate, secrets, pace: new JobPace(), status: 'waiting', started: Date.now() }
    this.#entries.set(entry.id, entry)
    this.#tell(entry)
    this.#fill()
    return view(entry)
  }

  /** A job that waits or has ended stays as it is. */
  pause(id: number): void {
    const entry = this.#entry(id)
    if (entry.status !== 'running') return
    entry.running?.pause()
    entry.pace.rest()
    this.#turn(entry, 'paused')
    this.#fill()
  }

  resume(id: number): void {
    const entry = this.#entry(id)
    if (entry.status !== 'paused') return
    entry.running?.resume()
    this.#turn(entry, 'running')
  }

  /** One that waits is cancelled at once, one that runs at its next checkpoint. */
  cancel(id: number): void {
    const entry = this.#entry(id)
    if (entry.status === 'waiting') this.#end(entry, { error: new StrataError('CANCELLED', 'The job was cancelled') })
    else entry.running?.cancel()
  }

  /** Forgets the jobs that have ended. */
  clear(): void {
    for (const entry of this.#entries.values()) if (entry.ended !== undefined) this.#entries.delete(entry.id)
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new StrataError('NOT_FOUND', 'There is no such job', { field: 'id' })
    return entry
  }

  #active(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.ended === undefined)
  }

  /** Gives free places to those who wait, oldest first. */
  #fill(): void {
    const places = AT_ONCE - this.#active().filter((entry) => entry.status === 'running').length
    const waiting = this.#active().filter((entry) => entry.status === 'waiting')
    for (const entry of waiting.slice(0, Math.max(0, places))) this.#run(entry)
  }

  #run(entry: Entry): void {
    entry.started = Date.now()
    const secrets = entry.secrets?.all()
    const running = this.#engine.start(entry.order, entry.gate(), {
      ...(secrets && { secrets }),
      onProgress: (progress) => {
        entry.pace.take(progress, Date.now())
        if (entry.status === 'paused') entry.pace.rest()
        this.#tell(entry)
      },
    })
    entry.running = running
    // The thread has its own copy by now.
    entry.secrets?.drop()
    this.#turn(entry, 'running')
    running.done.then(
      (outcome) => this.#end(entry, { outcome }),
      (error: unknown) => this.#end(entry, { error }),
    )
  }

  #end(entry: Entry, end: { outcome: JobOutcome } | { error: unknown }): void {
    Object.assign(entry, end)
    entry.secrets?.drop()
    delete entry.running
    entry.ended = Date.now()
    entry.pace.rest()
    this.#turn(entry, 'outcome' in end ? 'done' : isCancel(end.error) ? 'cancelled' : 'failed')
    const ended = [...this.#entries.values()].filter((other) => other.ended !== undefined)
    for (const old of ended.slice(0, -KEPT)) this.#entries.delete(old.id)
    this.#fill()
  }

  #turn(entry: Entry, status: JobStatus): void {
    entry.status = status
    this.#tell(entry)
  }

  #tell(entry: Entry): void {
    for (const listener of this.#listeners) listener(view(entry))
  }
}

function view({ id, order, status, pace, started, ended, outcome, error }: Entry): JobView {
  return {
    id,
    order,
    status,
    progress: pace.progress,
    started,
    ...(pace.speed !== undefined && { speed: pace.speed }),
    ...(pace.secondsLeft !== undefined && { secondsLeft: pace.secondsLeft }),
    ...(ended !== undefined && { ended }),
    ...(outcome && { outcome }),
    ...(error !== undefined && { error: toErrorDto(error) }),
  }
}

function isCancel(error: unknown): boolean {
  return error instanceof StrataError && error.code === 'CANCELLED'
}
