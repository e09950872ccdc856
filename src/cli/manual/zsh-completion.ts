import type { OptionSpec } from '../args.ts'
import { operandCompletion, spellings, valueCompletion, type Completion } from './completion-words.ts'
import { GENERAL_OPTIONS, type Page } from './page.ts'

/** A completion for zsh of a program of that name. */
export function zshCompletion(program: string, pages: readonly Page[]): string {
  return [
    `#compdef ${program}`,
    `# Completion of ${program} for zsh.`,
    '_strata() {',
    '  local context state state_descr line',
    '  typeset -A opt_args',
    '  local -a commands=(',
    ...pages.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`),
    '  )',
    '  _arguments -C \\',
    ...GENERAL_OPTIONS.map((option) => `    ${specification(option)} \\`),
    "    '1: :->command' '*:: :->rest'",
    '  case $state in',
    '    command) _describe -t commands command commands ;;',
    '    rest)',
    '      case $words[1] in',
    ...pages.flatMap(branch),
    '      esac',
    '      ;;',
    '  esac',
    '}',
    'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then',
    '  _strata "$@"',
    'else',
    `  compdef _strata ${program}`,
    'fi',
    '',
  ].join('\n')
}

function branch(page: Page): string[] {
  return [
    `        ${page.name})`,
    '          _arguments -s -S \\',
    ...page.options.map((option) => `            ${specification(option)} \\`),
    `            '*:operand:${action(operandCompletion(page))}'`,
    '          ;;',
  ]
}

/** An option as `_arguments` takes it; those that may stand more than once do no harm twice. */
function specification(option: OptionSpec): string {
  const completion = valueCompletion(option)
  const names = spellings(option).map((name) => (completion !== undefined && name.startsWith('--') ? `${name}=` : name))
  const value = completion === undefined ? '' : `:${escaped(option.value ?? '')}:${action(completion)}`
  const rest = `[${escaped(option.help ?? '')}]${value}`
  return names.length > 1 ? `'*'{${names.join(',')}}${quoted(rest)}` : quoted(`*${names.join('')}${rest}`)
}

function action(completion: Completion): string {
  if (completion.kind === 'words') return `(${completion.words.join(' ')})`
  return { files: '_files', folders: '_files -/', anything: ' ' }[completion.kind]
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
