import type { OptionSpec, Parsed } from './args.ts'
import type { Example, Page } from './manual/page.ts'
import type { Terminal } from './terminal.ts'

/** One word of the command: what it takes, for reading and for the help, and what it does. */
export interface Verb<Name extends string = string> {
  summary: string
  /** the operands, as the help shows them */
  operands: string
  /** what else there is to know: paragraphs for the help, the man page and docs/cli.md */
  description?: readonly string[]
  examples?: readonly Example[]
  /** the exit codes that mean more than 0 for success and 1 for failure do */
  exitCodes?: Readonly<Record<number, string>>
  options: Record<Name, OptionSpec>
  /** the last argument is an operand whatever it looks like: `-1G` */
  lastIsOperand?: boolean
  /** Answers with the exit code; throws `Failure`, or what the engine throws. `manual` makes the pages of all commands. */
  run(args: Parsed<Name>, terminal: Terminal, manual: () => Promise<Page[]>): number | Promise<number>
}

/** Lets the compiler find the option names in the table. */
export function verb<const Name extends string>(definition: Verb<Name>): Verb<Name> {
  return definition
}
