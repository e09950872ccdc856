import type { Progress } from '../../shared/model.ts'

/** What a long operation owes the person who waits: it looks up between pieces, and tells how far it is. */
export interface Job {
  /** Returns at once while running, waits while paused, throws `CANCELLED` once cancelled. */
  checkpoint(): void
  /** Says how far the job is. Cheap: whoever listens does the throttling. */
  report(progress: Progress): void
  /** Waits so many milliseconds, or less where the job is paused or cancelled meanwhile. Absent where nothing can be waited for. */
  wait?(milliseconds: number): void
}

/** A job that nobody watches and nobody stops. */
export const unwatched: Job = { checkpoint() {}, report() {} }

/**
 * Walks `total` units in steps of at most `step`, looking at the job before each piece and reporting after it.
 * Yields `{ at, length }` in the unit of `total`.
 */
export function* pieces(job: Job, phase: string, total: number, step: number): Generator<{ at: number; length: number }> {
  job.report({ phase, done: 0, total })
  for (let at = 0; at < total; at += step) {
    const length = Math.min(step, total - at)
    job.checkpoint()
    yield { at, length }
    job.report({ phase, done: at + length, total })
  }
}
