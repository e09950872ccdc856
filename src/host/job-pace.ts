import type { Progress } from '../shared/model.ts'

/** Milliseconds that speed is taken over. */
const WINDOW = 4000
/** Milliseconds of a job's life before its speed can be told. */
const WARM_UP = 750

/** How fast a job goes and how far it is: progress that never goes back, and speed over the last few seconds. */
export class JobPace {
  progress: Progress
  /** bytes a second */
  speed: number | undefined
  secondsLeft: number | undefined
  #marks: { at: number; done: number }[] = []

  /** `progress`: how far the job is already known to be. */
  constructor(progress: Progress = { phase: '', done: 0, total: 0 }) {
    this.progress = progress
  }

  /** Takes a report that came at `now`, in milliseconds. */
  take(report: Progress, now: number): void {
    const before = this.progress
    if (report.phase !== before.phase) this.rest()
    const reached = before.total > 0 ? (before.done / before.total) * report.total : 0
    const done = Math.min(report.total, Math.max(report.done, Math.floor(reached)))
    this.progress = { ...report, done }
    this.#marks = [...this.#marks.filter((mark) => mark.at >= now - WINDOW), { at: now, done: report.done }]
    this.#measure(now)
  }

  /** Forgets the speed: the job stands still. */
  rest(): void {
    this.#marks = []
    this.speed = undefined
    this.secondsLeft = undefined
  }

  #measure(now: number): void {
    const [first] = this.#marks
    const last = this.#marks.at(-1)
    if (!first || !last || now - first.at < WARM_UP) return
    this.speed = (last.done - first.done) / ((last.at - first.at) / 1000)
    this.secondsLeft = this.speed > 0 ? (this.progress.total - last.done) / this.speed : undefined
  }
}
