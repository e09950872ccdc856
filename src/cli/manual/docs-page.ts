import { ENVIRONMENT, EXIT_CODES, flags, type Page, PURPOSE, sentence, SIGNALS, SIZES, synopsis } from './page.ts'

/** `docs/cli.md`: the same as the man page, for who reads it in a browser. */
export function docsPage(pages: readonly Page[]): string {
  return [
    '# The command line',
    '<!-- Made from the command\'s own tables by "npm run cli-docs". -->',
    PURPOSE,
    SIZES,
    ...table(
      ['command', 'what it is for'],
      pages.map(({ name, summary }) => [`[\`strata ${name}\`](#strata-${name})`, summary]),
    ),
    'The man page says the same (`man strata`), and so does `strata VERB --help`. `strata completion bash|zsh|fish` prints a completion for the shell.',
    ...pages.flatMap(section),
    '## Exit codes',
    ...table(
      ['code', 'meaning'],
      EXIT_CODES.map(([code, meaning]) => [code.toString(), meaning]),
    ),
    '## Signals',
    ...table(['signal', 'what it does'], SIGNALS),
    '## Environment',
    ...table(
      ['variable', 'meaning'],
      ENVIRONMENT.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
  ].join('\n\n')
}

function section(page: Page): string[] {
  const { name, summary, description, options, refused, examples, exitCodes } = page
  return [
    `## strata ${name}`,
    fenced([`strata ${synopsis(page)}`]),
    sentence(summary),
    ...description.map(escaped),
    ...table(
      ['option', 'what it does'],
      options.map((option) => [`\`${flags(option)}\``, escaped(option.help ?? '')]),
    ),
    ...(refused.length === 0 ? [] : [`Not supported yet: ${refused.map((option) => `\`${option}\``).join('; ')}.`]),
    ...(exitCodes.length === 0
      ? []
      : table(
          ['exit code', 'meaning'],
          exitCodes.map(([code, meaning]) => [code.toString(), meaning]),
        )),
    ...(examples.length === 0 ? [] : [fenced(examples.flatMap(({ line, does }) => [`# ${does}`, `strata ${line}`]))]),
  ]
}

function fenced(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')]
}

/** Words that Markdown takes as they are. */
function escaped(words: string): string {
  return words.replace(/[*_<>[\]]/g, '\\$&')
}
