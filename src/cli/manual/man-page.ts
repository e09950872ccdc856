import type { OptionSpec } from '../args.ts'
import { ENVIRONMENT, EXIT_CODES, flags, GENERAL_OPTIONS, type Page, PURPOSE, sentence, SIGNALS, SIZES, synopsis } from './page.ts'

/** The man page, `strata.1`, for `man` in roff. */
export function manPage(pages: readonly Page[]): string {
  return [
    '.\\" Made from the command\'s own tables by "npm run cli-docs".',
    '.TH STRATA 1 "" Strata "Virtual disks"',
    '.SH NAME',
    'strata \\- make, inspect, convert, check and resize virtual disks',
    '.SH SYNOPSIS',
    '.B strata',
    '.I VERB',
    '[options] ...',
    '.SH DESCRIPTION',
    text(PURPOSE),
    '.PP',
    text(SIZES),
    '.SH OPTIONS',
    ...GENERAL_OPTIONS.flatMap(option),
    '.SH COMMANDS',
    ...pages.flatMap(command),
    '.SH "EXIT STATUS"',
    ...EXIT_CODES.flatMap(([code, meaning]) => tagged(code.toString(), sentence(meaning))),
    '.SH SIGNALS',
    ...SIGNALS.flatMap(([name, meaning]) => tagged(name, sentence(meaning))),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => tagged(name, sentence(meaning))),
    '.SH "SEE ALSO"',
    '.BR qemu\\-img (1)',
    '',
  ].join('\n')
}

function command(page: Page): string[] {
  return [
    `.SS "${text(synopsis(page))}"`,
    text(sentence(page.summary)),
    ...page.description.flatMap((paragraph) => ['.PP', text(paragraph)]),
    ...page.options.flatMap(option),
    ...(page.refused.length === 0 ? [] : ['.PP', text(`Not supported yet: ${page.refused.join('; ')}.`)]),
    ...(page.exitCodes.length === 0 ? [] : ['.PP', 'Exit status:']),
    ...page.exitCodes.flatMap(([code, meaning]) => tagged(code.toString(), sentence(meaning))),
    ...(page.examples.length === 0 ? [] : ['.PP', page.examples.length === 1 ? 'Example:' : 'Examples:']),
    ...page.examples.flatMap(({ line, does }) => tagged(`strata ${line}`, sentence(does))),
  ]
}

function option(spec: OptionSpec): string[] {
  return tagged(flags(spec), sentence(spec.help ?? ''))
}

function tagged(tag: string, meaning: string): string[] {
  return ['.TP', `.B "${text(tag)}"`, text(meaning)]
}

/** Words as roff prints them: no escapes, plain hyphens, no requests at the start of a line. */
function text(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq').replaceAll('…', '...').replace(/^[.']/, '\\&$&')
}
