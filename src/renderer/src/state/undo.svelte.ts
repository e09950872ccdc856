/** Something done that can be taken back. */
export interface Step {
  /** what was done, as a sentence */
  said: string
  /** takes it back; throws what the host says */
  back: () => Promise<void>
  /** a disk that has another path since: who looks at it is shown the old one again */
  renamed?: { from: string; to: string }
}

/** Steps that are remembered. */
const KEPT = 50

/** What the person did to the library since the window opened and may take back, the last first. */
export class Undo {
  #steps = $state.raw<readonly Step[]>([])
  #news = $state.raw<Step | undefined>(undefined)

  /** what would be taken back now */
  get last(): Step | undefined {
    return this.#steps.at(-1)
  }

  /** the step that the person has just done, until it is dismissed or taken back */
  get news(): Step | undefined {
    return this.#news
  }

  /** Remembers a step, and says what was done. */
  add(step: Step): void {
    this.#steps = [...this.#steps, step].slice(-KEPT)
    this.#news = step
  }

  /** Says no more of the last step; it can still be taken back. */
  dismiss(): void {
    this.#news = undefined
  }

  /** Takes the last step back and answers it, or undefined where there is none. A step that can't be taken back is forgotten; the host's error is thrown. */
  async takeBack(): Promise<Step | undefined> {
    const step = this.last
    if (!step) return undefined
    this.#steps = this.#steps.slice(0, -1)
    this.#news = undefined
    await step.back()
    return step
  }
}
