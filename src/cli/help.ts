import { HELP, type OptionSpec } from './args.ts'
import { programName } from './program-name.ts'
import type { Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

/** `strata --help`. */
export async function generalHelp(): Promise<string> {
  const verbs = await Promise.all(
    Object.entries(VERBS).map(async ([name, load]) => {
      const { operands, summary } = await load()
      return row(`${name} [options] ${operands}`, summary)
    }),
  )
  return [
    `usage: ${programName()} VERB [options] ...`,
    '',
    'Makes, inspects, converts, checks and resizes virtual disks. The verbs take the options of qemu-img.',
    '',
    ...verbs,
    row('serve [options] [FILE]...', 'show the window in a browser'),
    '',
    row('VERB --help', 'the options of one verb'),
    row('-V, --version', 'the version'),
    '',
    'Sizes are bytes, or have a suffix: k, M, G, T, P or E, each 1024 times the one before.',
    '',
  ].join('\n')
}

/** `strata VERB --help`, made from the verb's table. */
export function verbHelp(name: string, { summary, operands, options }: Verb): string {
  const rows = [...Object.values(options), HELP].flatMap((spec) => (spec.help === undefined ? [] : [row(flags(spec), spec.help)]))
  const refused = Object.values(options).flatMap((spec) => (spec.help === undefined ? [flags(spec)] : []))
  return [
    `usage: ${programName()} ${name} [options] ${operands}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    ...rows,
    ...(refused.length > 0 ? ['', `Not supported yet: ${refused.join('; ')}`] : []),
    '',
  ].join('\n')
}

function flags({ short, long, value }: OptionSpec): string {
  const names = [short === undefined ? '' : `-${short}`, long === undefined ? '' : `--${long}`].filter((name) => name !== '').join(', ')
  return value === undefined ? names : `${names}${long === undefined ? ' ' : '='}${value}`
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(32)} ${right}`
}
