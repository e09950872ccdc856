import { spellings, operandCompletion, valueCompletion, type Completion } from './completion-words.ts'
import { GENERAL_OPTIONS, type Page } from './page.ts'

/** A completion for bash, 3.2 and newer, of a program of that name. Files are readline's own: it looks for them where no word fits. */
export function bashCompletion(program: string, pages: readonly Page[]): string {
  const first = [...pages.map(({ name }) => name), ...GENERAL_OPTIONS.flatMap(spellings)]
  return [
    `# Completion of ${program} for bash.`,
    '_strata() {',
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options='' values=''",
    '  COMPREPLY=()',
    '  # To bash, --output=json is three words.',
    '  if [[ $cur == = ]]; then',
    "    cur=''",
    '  elif [[ $prev == = && COMP_CWORD -gt 2 ]]; then',
    '    prev=${COMP_WORDS[COMP_CWORD - 2]}',
    '  fi',
    '  if [[ COMP_CWORD -eq 1 ]]; then',
    `    COMPREPLY=($(compgen -W '${first.join(' ')}' -- "$cur"))`,
    '    return',
    '  fi',
    '  case ${COMP_WORDS[1]} in',
    ...pages.flatMap(branch),
    '    *) return ;;',
    '  esac',
    '  if [[ -n $values ]]; then',
    '    COMPREPLY=($(compgen -W "$values" -- "$cur"))',
    '  elif [[ $cur == -* ]]; then',
    '    COMPREPLY=($(compgen -W "$options" -- "$cur"))',
    '  fi',
    '}',
    `complete -o bashdefault -o default -F _strata ${program}`,
    '',
  ].join('\n')
}

function branch(page: Page): string[] {
  const operands = operandCompletion(page)
  const other = operands.kind === 'words' ? [`        *) [[ $cur == -* ]] || ${valued(operands)} ;;`] : []
  const cases = [...valueCases(page), ...other]
  return [
    `    ${page.name})`,
    `      options='${page.options.flatMap(spellings).join(' ')}'`,
    ...(cases.length === 0 ? [] : ['      case $prev in', ...cases, '      esac']),
    '      ;;',
  ]
}

/** What completes a value, for all options together that take the like. */
function valueCases(page: Page): string[] {
  const cases = new Map<string, string[]>()
  for (const option of page.options) {
    const completion = valueCompletion(option)
    if (completion === undefined) continue
    const does = valued(completion)
    cases.set(does, [...(cases.get(does) ?? []), ...spellings(option)])
  }
  return [...cases].map(([does, options]) => `        ${options.join(' | ')}) ${does} ;;`)
}

function valued(completion: Completion): string {
  if (completion.kind === 'words') return `values='${completion.words.join(' ')}'`
  // No word of ours fits here; outside of a completion, as in a test, compopt is an error.
  return completion.kind === 'anything' ? 'compopt +o default +o bashdefault 2> /dev/null; return' : 'return'
}
