import { Random } from '../fixtures/random.ts'
import { cpuTime, gist, MOST_TIME, type Parser } from './parser.ts'
import { PeakMemory } from './peak-memory.ts'

/** What an input did that none may do. */
export interface FuzzFailure {
  parser: string
  what: string
  input: unknown
}

/** What came of a campaign so far. */
export interface FuzzScore {
  parser: string
  cases: number
  /** different answers: the more, the further the inputs came */
  answers: number
  /** milliseconds of the slowest case */
  slowest: number
}

/** No case may take more memory, in bytes. */
export const MOST_MEMORY = 256 * 2 ** 20
/** Inputs that reached something new and are built upon. */
const MOST_KEPT = 600
/** Cases between two looks at memory. */
const BATCH = 256

/** Attacks one parser, for as long as it is asked to. The same seed tries the same inputs. */
export class Campaign {
  readonly score: FuzzScore
  readonly #parser: Parser
  readonly #random: Random
  readonly #inputs: unknown[]
  readonly #answers = new Set<string>()
  readonly #failed = new Set<string>()
  readonly #memory = new PeakMemory()
  #batch: unknown[] = []

  constructor(parser: Parser, seed: number) {
    this.#parser = parser
    this.#random = new Random(seed)
    this.#inputs = [...parser.kept]
    this.score = { parser: parser.name, cases: 0, answers: 0, slowest: 0 }
  }

  /** The kept inputs as they are, of which none may fail, and then others made from them, until the time is up. `before` is told each input first. */
  async run(milliseconds: number, before: (input: unknown) => void, failed: (failure: FuzzFailure) => void): Promise<void> {
    const end = performance.now() + milliseconds
    this.#memory.reset()
    while (performance.now() < end) {
      const input = this.#next()
      before(input)
      await this.#try(input, failed)
      if (this.#batch.push(input) === BATCH) await this.#weigh(failed)
    }
    await this.#weigh(failed)
  }

  #next(): unknown {
    const { cases } = this.score
    if (cases < this.#parser.kept.length) return this.#parser.kept[cases]
    const any = (): unknown => this.#inputs[this.#random.below(this.#inputs.length)]
    return this.#parser.change(any(), any(), this.#random)
  }

  async #try(input: unknown, failed: (failure: FuzzFailure) => void): Promise<void> {
    const tell = (what: string): void => {
      if (this.#failed.has(gist(what))) return
      this.#failed.add(gist(what))
      failed({ parser: this.#parser.name, what, input })
    }
    const start = cpuTime()
    try {
      const answer = this.#parser.run(input)
      const said = typeof answer === 'string' ? answer : await answer
      if (!this.#answers.has(said)) this.#reached(said, input)
    } catch (error) {
      tell(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    this.score.cases++
    const took = cpuTime() - start
    this.score.slowest = Math.max(this.score.slowest, Math.round(took))
    if (took > MOST_TIME * (this.#parser.questions ?? 1)) tell(`took ${Math.round(took)} ms`)
  }

  #reached(said: string, input: unknown): void {
    if (this.#answers.size < 100_000) this.#answers.add(said)
    this.score.answers = this.#answers.size
    if (this.#inputs.length < MOST_KEPT) this.#inputs.push(input)
    else this.#inputs[this.#parser.kept.length + this.#random.below(MOST_KEPT - this.#parser.kept.length)] = input
  }

  /** Where the memory of a batch grew too far, each of its inputs is tried again by itself: what the collector had not yet freed is nobody's fault. */
  async #weigh(failed: (failure: FuzzFailure) => void): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    if (this.#memory.grown <= MOST_MEMORY) return
    for (const input of batch) {
      this.#memory.reset()
      await this.#try(input, failed)
      const { grown } = this.#memory
      if (grown > MOST_MEMORY) failed({ parser: this.#parser.name, what: `took ${Math.round(grown / 2 ** 20)} MiB of memory`, input })
    }
    this.#memory.reset()
  }
}
