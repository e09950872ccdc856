import type { OptionSpec } from '../args.ts'
import { operandCompletion, valueCompletion, type Completion } from './completion-words.ts'
import { GENERAL_OPTIONS, type Page } from './page.ts'

/** A completion for fish of a program of that name. */
export function fishCompletion(program: string, pages: readonly Page[]): string {
  const line = (condition: string, ...rest: readonly string[]): string => `complete -c ${program} -n '${condition}' ${rest.join(' ')}`
  const first = '__fish_use_subcommand'
  return [
    `# Completion of ${program} for fish.`,
    ...GENERAL_OPTIONS.map((option) => line(first, '-f', ...words(option))),
    ...pages.map(({ name, summary }) => line(first, '-f', '-a', name, '-d', quoted(summary))),
    ...pages.flatMap((page) => {
      const used = `__fish_seen_subcommand_from ${page.name}`
      const operands = operandCompletion(page)
      return [
        ...page.options.map((option) => line(used, ...words(option))),
        ...(operands.kind === 'words' ? [line(used, '-f', '-a', quoted(operands.words.join(' ')))] : []),
      ]
    }),
    '',
  ].join('\n')
}

function words(option: OptionSpec): string[] {
  const { short, long, help = '' } = option
  const completion = valueCompletion(option)
  return [
    ...(short === undefined ? [] : ['-s', short]),
    ...(long === undefined ? [] : ['-l', long]),
    ...(completion === undefined ? [] : valued(completion)),
    '-d',
    quoted(help),
  ]
}

function valued(completion: Completion): string[] {
  if (completion.kind === 'words') return ['-x', '-a', quoted(completion.words.join(' '))]
  if (completion.kind === 'files') return ['-r', '-F']
  return completion.kind === 'folders' ? ['-x', '-a', "'(__fish_complete_directories)'"] : ['-x']
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
