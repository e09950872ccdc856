import type { OptionSpec } from '../args.ts'
import { CACHE_MODES } from '../common-options.ts'
import { FORMATS } from '../../shared/model.ts'
import type { Page } from './page.ts'

/** What can stand in a place of a command line. */
export type Completion = { kind: 'words'; words: readonly string[] } | { kind: 'files' | 'folders' | 'anything' }

/** Names of values in the help, and what they stand for. */
const NAMED: Readonly<Record<string, Completion>> = {
  FMT: { kind: 'words', words: FORMATS },
  CACHE: { kind: 'words', words: CACHE_MODES },
  FILE: { kind: 'files' },
  BASE: { kind: 'files' },
  BACKING: { kind: 'files' },
  DIR: { kind: 'folders' },
}

/** What completes the value of an option; undefined for an option that takes none. */
export function valueCompletion({ value }: OptionSpec): Completion | undefined {
  return value === undefined ? undefined : named(value)
}

/** What completes the operands of a command: words where they are listed, otherwise files. */
export function operandCompletion({ operands }: Page): Completion {
  const words = named(operands)
  return words.kind === 'words' ? words : { kind: 'files' }
}

/** An option in every way it is written: `-q`, `--quiet`. */
export function spellings({ short, long }: OptionSpec): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), ...(long === undefined ? [] : [`--${long}`])]
}

function named(value: string): Completion {
  if (/^[\w-]+(\|[\w-]+)+$/.test(value)) return { kind: 'words', words: value.split('|') }
  return NAMED[value] ?? { kind: 'anything' }
}
