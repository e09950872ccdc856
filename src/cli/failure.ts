import { EXIT } from './exit-codes.ts'

/** A verb ends without success: what is printed after the program's name, and the exit code. */
export class Failure extends Error {
  readonly exitCode: number
  /** what to do about it; shown to a person, not to a script */
  readonly hint: string | undefined
  /** whether the help is worth pointing at, because the command line itself is at fault */
  readonly usage: boolean

  constructor(message: string, options: { exitCode?: number; hint?: string | undefined; usage?: boolean } = {}) {
    super(message)
    this.name = 'Failure'
    this.exitCode = options.exitCode ?? EXIT.failed
    this.hint = options.hint
    this.usage = options.usage ?? false
  }
}

/** A command line that makes no sense; points at the help. */
export function usageFailure(message: string): Failure {
  return new Failure(message, { usage: true })
}

/** Something that qemu-img can and Strata cannot yet, by its name on the command line. */
export function refusal(what: string, hint?: string): Failure {
  return new Failure(`${what} is not supported yet`, { hint })
}
