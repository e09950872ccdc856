import { HELP, type OptionSpec } from '../args.ts'
import { GENERAL } from '../common-options.ts'
import { EXIT, SIGNAL_EXIT } from '../exit-codes.ts'

/** One command as all of the help tells it; made from the table that its arguments are read by. */
export interface Page {
  name: string
  summary: string
  operands: string
  description: readonly string[]
  options: readonly OptionSpec[]
  /** options of qemu-img's that are refused by name, as they are written */
  refused: readonly string[]
  examples: readonly Example[]
  exitCodes: readonly (readonly [code: number, meaning: string])[]
}

/** A command line of the verb, with the verb and without the program's name, and what it does. */
export interface Example {
  line: string
  does: string
}

/** What the program is for, in one sentence. */
export const PURPOSE = 'Makes, inspects, converts, checks and resizes virtual disks. The verbs take the options of qemu-img.'
/** How sizes are written, wherever one is asked for. */
export const SIZES = 'Sizes are bytes, or have a suffix: k, M, G, T, P or E, each 1024 times the one before.'
/** What can stand before the verb. */
export const GENERAL_OPTIONS: readonly OptionSpec[] = [HELP, ...Object.values(GENERAL)]

/** An option as it is written: `-q, --quiet`, `-f FMT`, `--output=human|json`. */
export function flags({ short, long, value }: OptionSpec): string {
  const names = [short === undefined ? '' : `-${short}`, long === undefined ? '' : `--${long}`].filter((name) => name !== '').join(', ')
  return value === undefined ? names : `${names}${long === undefined ? ' ' : '='}${value}`
}

/** The first line of a command's help, without the program's name. */
export function synopsis({ name, operands }: Pick<Page, 'name' | 'operands'>): string {
  return [name, '[options]', operands].filter((word) => word !== '').join(' ')
}

/** As a sentence. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

/** What every verb's exit codes mean, unless its own page says more. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'all is done'],
  [EXIT.failed, 'it failed, and a message on the error output says why'],
  ...Object.entries(SIGNAL_EXIT).map(([signal, code]) => [code, `${signal} stopped it, and nothing is left behind`] as const),
]

/** What the environment has to say. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['STRATA_PROGRAM_NAME', 'the name that messages carry; that of the link that started the program unless stated'],
]

/** Signals that are no end. */
export const SIGNALS: readonly (readonly [name: string, meaning: string])[] = [
  ['SIGINT, SIGTERM, SIGHUP', 'stop the work and tidy up; a second one ends the program at once'],
  ['SIGUSR1', 'print how far the work is to the error output'],
]
