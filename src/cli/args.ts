import { refusal, usageFailure } from './failure.ts'

/** One option of a verb. At least one of `short` and `long` is there. */
export interface OptionSpec {
  short?: string
  long?: string
  /** the name of its value in the help; absent for an option that takes none */
  value?: string
  /** what it does, in the help's words; absent for an option of qemu-img's that Strata refuses by name */
  help?: string
  /** what stands behind it is not read: it asks for an answer of its own */
  last?: true
}
export type OptionTable = Readonly<Record<string, OptionSpec>>

/** A command line after `parseArgs`, by the names of its option table. */
export interface Parsed<Name extends string = string> {
  operands: readonly string[]
  has(name: Name): boolean
  /** the value that was given last */
  last(name: Name): string | undefined
  all(name: Name): readonly string[]
  /** every option and its value as given, in order */
  given: readonly (readonly [name: string, value: string])[]
}

export const HELP: OptionSpec = { short: 'h', long: 'help', help: 'show this help', last: true }

/**
 * Reads options in the manner of GNU getopt_long: short ones in bundles, values attached or apart, long ones abbreviated as long as no other
 * begins so, operands anywhere, `--` ends the options; so does the first operand where `operands` says so. Answers `help` when help was asked for
 * before anything was wrong.
 */
export function parseArgs<Name extends string>(
  table: Record<Name, OptionSpec>,
  argv: readonly string[],
  { operands: where = 'anywhere' }: { operands?: 'anywhere' | 'end the options' } = {},
): Parsed<Name> | 'help' {
  const options = Object.entries({ ...table, help: HELP }) as [Name | 'help', OptionSpec][]
  const given: [name: Name | 'help', value: string][] = []
  const all = (name: Name | 'help'): string[] => given.filter(([one]) => one === name).map(([, value]) => value)
  const ended = (): boolean => options.some(([name, { last }]) => last === true && all(name).length > 0)
  const operands: string[] = []

  const take = (name: Name | 'help', spec: OptionSpec, value: string, token: string): void => {
    if (spec.help === undefined) throw refusal(`option '${token}'`)
    given.push([name, value])
  }
  for (let i = 0; i < argv.length && !ended(); i++) {
    const token = argv[i] ?? ''
    const next = (): string => {
      const value = argv[++i]
      if (value === undefined) throw usageFailure(`missing argument for option '${token}'`)
      return value
    }
    if (token === '--') {
      operands.push(...argv.slice(i + 1))
      break
    } else if (token.startsWith('--')) {
      const { name, spec, attached } = findLong(options, token)
      take(name, spec, spec.value === undefined ? '' : (attached ?? next()), token)
    } else if (token.startsWith('-') && token !== '-') {
      for (let at = 1; at < token.length && !ended(); at++) {
        const found = options.find(([, spec]) => spec.short === token[at])
        if (!found) throw unrecognized(token)
        const [name, spec] = found
        const rest = token.slice(at + 1)
        if (spec.value === undefined) take(name, spec, '', `-${token[at]}`)
        else {
          take(name, spec, rest === '' ? next() : rest, `-${token[at]}`)
          break
        }
      }
    } else if (where === 'anywhere') operands.push(token)
    else {
      operands.push(...argv.slice(i))
      break
    }
  }
  if (all('help').length > 0) return 'help'
  return {
    operands,
    has: (name) => all(name).length > 0,
    last: (name) => all(name).at(-1),
    all,
    given,
  }
}

function findLong<Name>(options: readonly [Name, OptionSpec][], token: string): { name: Name; spec: OptionSpec; attached?: string } {
  const equals = token.indexOf('=')
  const word = token.slice(2, equals < 0 ? undefined : equals)
  const fitting = options.filter(([, { long }]) => long?.startsWith(word))
  const found = fitting.find(([, { long }]) => long === word) ?? (fitting.length === 1 ? fitting[0] : undefined)
  if (!found || (equals >= 0 && found[1].value === undefined)) throw unrecognized(token)
  const [name, spec] = found
  return equals < 0 ? { name, spec } : { name, spec, attached: token.slice(equals + 1) }
}

function unrecognized(token: string): Error {
  return usageFailure(`unrecognized option '${token}'`)
}
