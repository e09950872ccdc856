import { manual, pageOf } from './manual/manual.ts'
import { flags, GENERAL_OPTIONS, PURPOSE, sentence, SIZES, synopsis } from './manual/page.ts'
import { programName } from './program-name.ts'
import type { Verb } from './verb.ts'

const WIDTH = 100

/** `strata --help`. */
export async function generalHelp(): Promise<string> {
  return [
    `usage: ${programName()} VERB [options] ...`,
    '',
    PURPOSE,
    '',
    ...(await manual()).map((page) => row(synopsis(page), page.summary)),
    '',
    row('VERB --help', 'the options of one verb'),
    ...GENERAL_OPTIONS.map((option) => row(flags(option), option.help ?? '')),
    '',
    SIZES,
    '',
  ].join('\n')
}

/** `strata VERB --help`, made from the verb's table. */
export function verbHelp(name: string, verb: Verb): string {
  const page = pageOf(name, verb)
  const { summary, description, options, refused, exitCodes, examples } = page
  const block = (...lines: readonly string[]): string[] => (lines.length > 1 ? ['', ...lines] : [])
  return [
    `usage: ${programName()} ${synopsis(page)}`,
    '',
    sentence(summary),
    ...description.flatMap((paragraph) => ['', ...wrapped(paragraph)]),
    '',
    ...options.map((option) => row(flags(option), option.help ?? '')),
    ...(refused.length > 0 ? ['', `Not supported yet: ${refused.join('; ')}`] : []),
    ...block('Exit codes:', ...exitCodes.map(([code, meaning]) => row(code.toString(), meaning))),
    ...block('Examples:', ...examples.flatMap(({ line, does }) => [`  ${programName()} ${line}`, `      ${does}`])),
    '',
  ].join('\n')
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(32)} ${right}`
}

function wrapped(paragraph: string): string[] {
  const lines: string[] = []
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
