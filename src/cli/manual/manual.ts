import { HELP } from '../args.ts'
import type { Verb } from '../verb.ts'
import { VERBS } from '../verbs.ts'
import { flags, type Page } from './page.ts'

/** The window in a browser: the launcher starts it, and it has no part in the table of verbs. */
const SERVE: Page = {
  name: 'serve',
  summary: 'show the window in a browser',
  operands: '[FILE]...',
  description: ['Serves the window to a browser on this machine, and prints its address with a token. Only who has that address gets in.'],
  options: [
    { long: 'root', value: 'DIR', help: 'a folder that the window may read and write; the home directory unless stated' },
    { long: 'port', value: 'N', help: 'the port on 127.0.0.1; any that is free unless stated' },
    { long: 'open', help: 'open the window in the default browser' },
    HELP,
  ],
  refused: [],
  examples: [{ line: 'serve --root images', does: 'let the window see one folder' }],
  exitCodes: [],
}

/** The page of one verb. */
export function pageOf(name: string, { summary, operands, description = [], options, examples = [], exitCodes = {} }: Verb): Page {
  const all = [...Object.values(options), HELP]
  return {
    name,
    summary,
    operands,
    description,
    options: all.filter(({ help }) => help !== undefined),
    refused: all.filter(({ help }) => help === undefined).map(flags),
    examples,
    exitCodes: Object.entries(exitCodes).map(([code, meaning]) => [Number(code), meaning] as const),
  }
}

/** The pages of all commands, in the order of the general help. */
export async function manual(): Promise<Page[]> {
  const verbs = await Promise.all(Object.entries(VERBS).map(async ([name, load]) => pageOf(name, await load())))
  return [...verbs, SERVE]
}
