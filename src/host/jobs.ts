import type { JobOrder, JobOutcome, JobStatus, JobView } from '../shared/api.ts'
import { AT_ONCE } from '../shared/api.ts'
import { StrataError, toErrorDto, type ErrorDto } from '../shared/errors.ts'
import { namesSecret } from '../shared/secret-names.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { GateRule } from '../engine/index.ts'
import type { EngineHost, RunningJob } from './engine-host.ts'
import { collide } from './job-files.ts'
import type { JobHistory, KeptJob } from './job-history.ts'
import { JobPace } from './job-pace.ts'

/** Ended jobs that are remembered. */
const KEPT = 200

/** The passphrases of a job, never in its order: all that it needs at its start, and how to overwrite those that are its alone. */
export interface JobSecrets {
  all: () => Secrets
  drop: () => void
}

interface Entry {
  readonly id: number
  readonly order: JobOrder
  /** absent for a job of an earlier run of the program, which does not run again */
  readonly gate?: () => GateRule
  readonly secrets?: JobSecrets | undefined
  readonly pace: JobPace
  status: JobStatus
  started: number
  ended?: number
  outcome?: JobOutcome
  error?: ErrorDto
  running?: RunningJob
}

interface JobsOptions {
  /** where jobs are kept over the program's end; without one they are not */
  history?: JobHistory
  /** jobs that run at once; the others wait their turn. A paused job leaves its place, and takes up its work at once when resumed. */
  atOnce?: number
}

/** All jobs of this host, whichever window ordered them. Every change is told to the listeners as a whole view. */
export class Jobs {
  readonly #engine: Pick<EngineHost, 'start'>
  readonly #history: JobHistory | undefined
  readonly #entries = new Map<number, Entry>()
  readonly #listeners = new Set<(view: JobView) => void>()
  /** those who wait, in the order of their turns */
  #queue: Entry[] = []
  #atOnce: number
  /** nothing begins: the person holds all jobs */
  #held = false
  /** nothing begins, and what ends was interrupted: the program ends */
  #leaving = false
  #last = 0

  constructor(engine: Pick<EngineHost, 'start'>, { history, atOnce = AT_ONCE }: JobsOptions = {}) {
    this.#engine = engine
    this.#history = history
    this.#atOnce = atOnce
    for (const { progress, ...kept } of history?.read() ?? []) {
      this.#entries.set(kept.id, { ...kept, pace: new JobPace(progress) })
      this.#last = Math.max(this.#last, kept.id)
    }
  }

  /** Where a damaged history was kept, if there was one. */
  get keptAside(): string | undefined {
    return this.#history?.keptAside
  }

  /** Oldest first. */
  list(): JobView[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry))
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
    this.#queue.push(entry)
    this.#tell(entry)
    this.#fill()
    this.#save()
    return this.#view(entry)
  }

  /** The order of a job that ended without its result. Throws `UNSUPPORTED` for one that needed a passphrase which is no longer held. */
  orderToRetry(id: number): JobOrder {
    const { order, status, ended } = this.#entry(id)
    if (ended === undefined || status === 'done') throw new StrataError('INVALID_ARGUMENT', 'This job needs no second try', { field: 'id' })
    if (namesSecret(order))
      throw new StrataError(
        'UNSUPPORTED',
        'This job used a passphrase, which Strata does not keep',
        {},
        'Order it anew, with the passphrase.',
      )
    return order
  }

  /** Changes how many run at once. Those that run already go on. */
  setAtOnce(atOnce: number): void {
    this.#atOnce = atOnce
    this.#fill()
  }

  /** Lets a job that waits go before another that waits, or last. One that does not wait stays where it is. */
  move(id: number, before?: number): void {
    const entry = this.#entry(id)
    if (entry.status !== 'waiting' || before === id) return
    const others = this.#queue.filter((other) => other !== entry)
    const at = others.findIndex((other) => other.id === before)
    if (before !== undefined && at < 0) return
    this.#queue = others.toSpliced(at < 0 ? others.length : at, 0, entry)
    this.#tellQueue()
  }

  /** A job that waits or has ended stays as it is. */
  pause(id: number): void {
    this.#rest(this.#entry(id))
    this.#fill()
  }

  resume(id: number): void {
    const entry = this.#entry(id)
    if (entry.status !== 'paused') return
    entry.running?.resume()
    this.#turn(entry, 'running')
  }

  /** Pauses what runs, and lets nothing begin until `resumeAll`. */
  pauseAll(): void {
    this.#held = true
    for (const entry of this.#active()) this.#rest(entry)
  }

  resumeAll(): void {
    this.#held = false
    for (const { id } of this.#active()) this.resume(id)
    this.#fill()
  }

  /** One that waits is cancelled at once, one that runs at its next checkpoint. */
  cancel(id: number): void {
    const entry = this.#entry(id)
    if (entry.status === 'waiting') this.#end(entry, { error: new StrataError('CANCELLED', 'The job was cancelled') })
    else entry.running?.cancel()
  }

  /** Those who wait first, so that none of them begins. */
  cancelAll(): void {
    for (const { id } of [...this.#queue]) this.cancel(id)
    for (const { id } of this.#active()) this.cancel(id)
    this.#held = false
  }

  /** Forgets the jobs that have ended. */
  clear(): void {
    for (const entry of this.#entries.values()) if (entry.ended !== undefined) this.#entries.delete(entry.id)
    this.#save()
  }

  /** From now on nothing begins, and whatever has not ended counts as interrupted. */
  interrupt(): void {
    this.#leaving = true
    for (const entry of [...this.#queue]) this.#end(entry, { error: new StrataError('CANCELLED', 'Strata ended before the job began') })
  }

  /** Writes the history, if it changed. */
  flush(): void {
    this.#history?.flush()
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new StrataError('NOT_FOUND', 'There is no such job', { field: 'id' })
    return entry
  }

  #active(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.ended === undefined)
  }

  /** Gives free places to those who wait, in their turn. */
  #fill(): void {
    if (this.#held || this.#leaving) return
    const places = this.#atOnce - this.#active().filter((entry) => entry.status === 'running').length
    const next = this.#queue.splice(0, Math.max(0, places))
    for (const entry of next) this.#run(entry)
    if (next.length > 0) this.#tellQueue()
  }

  #run(entry: Entry): void {
    if (!entry.gate) return
    entry.started = Date.now()
    const secrets = entry.secrets?.all()
    const running = this.#engine.start(entry.order, entry.gate(), {
      ...(secrets && { secrets }),
      // The window answers first, and so does the guest that may run beside it.
      background: true,
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

  #rest(entry: Entry): void {
    if (entry.status !== 'running') return
    entry.running?.pause()
    entry.pace.rest()
    this.#turn(entry, 'paused')
  }

  #end(entry: Entry, end: { outcome: JobOutcome } | { error: unknown }): void {
    entry.secrets?.drop()
    const waited = this.#queue.includes(entry)
    this.#queue = this.#queue.filter((other) => other !== entry)
    if ('outcome' in end) entry.outcome = end.outcome
    else entry.error = toErrorDto(end.error)
    delete entry.running
    entry.ended = Date.now()
    entry.pace.rest()
    const stopped = entry.error?.code === 'CANCELLED'
    this.#turn(entry, 'outcome' in end ? 'done' : !stopped ? 'failed' : this.#leaving ? 'interrupted' : 'cancelled')
    const ended = [...this.#entries.values()].filter((other) => other.ended !== undefined)
    for (const old of ended.slice(0, -KEPT)) this.#entries.delete(old.id)
    if (waited) this.#tellQueue()
    this.#fill()
    this.#save()
  }

  #turn(entry: Entry, status: JobStatus): void {
    entry.status = status
    this.#tell(entry)
  }

  #tell(entry: Entry): void {
    for (const listener of this.#listeners) listener(this.#view(entry))
  }

  #tellQueue(): void {
    for (const entry of this.#queue) this.#tell(entry)
  }

  #save(): void {
    this.#history?.save(() => [...this.#entries.values()].map(kept))
  }

  #view(entry: Entry): JobView {
    const { speed, secondsLeft } = entry.pace
    const turn = this.#queue.indexOf(entry)
    return {
      ...kept(entry),
      ...(speed !== undefined && { speed }),
      ...(secondsLeft !== undefined && { secondsLeft }),
      ...(turn >= 0 && { place: turn + 1 }),
    }
  }
}

/** What of a job is true for good. */
function kept({ id, order, status, pace, started, ended, outcome, error }: Entry): KeptJob {
  return {
    id,
    order,
    status,
    progress: pace.progress,
    started,
    ...(ended !== undefined && { ended }),
    ...(outcome && { outcome }),
    ...(error && { error }),
  }
}
