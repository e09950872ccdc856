import type { Random } from '../fixtures/random.ts'
import { StrataError } from '../../src/shared/errors.ts'

/** A part of Strata that reads what strangers wrote, and how to attack it. Inputs are plain data that JSON can hold. */
export interface Parser<Input = unknown> {
  readonly name: string
  /** how many questions a case asks at most, where it is more than one: each may take as long as a case of the others */
  readonly questions?: number
  /** inputs to start from, most of them good ones */
  readonly kept: readonly Input[]
  /** An input made from one that is known; `other` is any other of them. */
  change(input: Input, other: Input, random: Random): Input
  /**
   * Has the parser read the input, and answers in few words with what came out: words that were not heard before mean that something new was reached.
   * Throws what the parser may not throw, and for what must not be true of an answer.
   */
  run(input: Input): string | Promise<string>
}

/** A parser without the type of its inputs, as those who run any of them see it. */
export function parser<Input>(definition: Parser<Input>): Parser {
  return definition
}

/** No question may take longer, in milliseconds of the processor's time: a busy machine is nobody's fault. */
export const MOST_TIME = 2000

/** Milliseconds that this thread has worked. */
export function cpuTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** `ok`, or what was refused and why, without numbers and quoted names; what is no `StrataError`, and what Strata calls a mistake of its own, goes on. */
export function outcome(ask: () => unknown): string {
  const start = cpuTime()
  try {
    ask()
    const took = Math.round(cpuTime() - start)
    if (took > MOST_TIME) throw new Error(`a question took ${took} ms`)
    return 'ok'
  } catch (error) {
    if (!(error instanceof StrataError) || error.code === 'BUG') throw error
    return `${error.code} ${error.where.field?.replaceAll(/\d+/g, '#') ?? ''} ${gist(error.message)}`
  }
}

/** A message without what differs from input to input. */
export function gist(message: string): string {
  return message.replaceAll(/'[^]*'|"[^]*"|: [^]*/g, '…').replaceAll(/[0-9a-fx]*\d[0-9a-fx]*/g, '#')
}
