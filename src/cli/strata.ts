import { StrataError } from '../shared/errors.ts'
import { parseArgs } from './args.ts'
import { GENERAL } from './common-options.ts'
import { EXIT } from './exit-codes.ts'
import { Failure, usageFailure } from './failure.ts'
import { programName } from './program-name.ts'
import type { Terminal } from './terminal.ts'
import { verbNamed } from './verbs.ts'

/** The whole command: `argv` without program and script. Answers with the exit code when all is printed that there is to say. */
export async function strata(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, terminal)
  } catch (error) {
    return report(error, terminal)
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  assertText(argv)
  if (argv.length === 0) throw usageFailure('Not enough arguments')
  const general = parseArgs(GENERAL, argv, { operands: 'end the options' })
  if (general === 'help') {
    const { generalHelp } = await import('./help.ts')
    terminal.out(await generalHelp())
    return EXIT.ok
  }
  if (general.has('trace')) terminal.err(`${programName()}: warning: there are no trace events\n`)
  if (general.has('version')) {
    const { strataVersion } = await import('../host/version.ts')
    terminal.out(`strata ${strataVersion()}\n`)
    return EXIT.ok
  }
  const [word, ...rest] = general.operands
  if (word === undefined) return EXIT.ok
  const verb = await verbNamed(word)
  if (!verb) throw usageFailure(`Command not found: ${word}`)
  const kept = verb.lastIsOperand && rest.length > 1 ? rest.slice(-1) : []
  const args = parseArgs(verb.options, rest.slice(0, rest.length - kept.length))
  if (args === 'help') {
    const { verbHelp } = await import('./help.ts')
    terminal.out(verbHelp(word, verb))
    return EXIT.ok
  }
  const manual = async () => (await import('./manual/manual.ts')).manual()
  return verb.run({ ...args, operands: [...args.operands, ...kept] }, terminal, manual)
}

/**
 * Node reads bytes that are no text as U+FFFD, under which another file would be made or read than the one that is meant. The argument is not
 * repeated: it may hold a passphrase.
 */
function assertText(argv: readonly string[]): void {
  const at = argv.findIndex((argument) => argument.includes('\uFFFD') || !argument.isWellFormed())
  if (at >= 0)
    throw new Failure(`Argument ${at + 1} is not valid UTF-8`, {
      hint: 'Strata takes names that are text. Rename the file, or link to it.',
    })
}

function report(error: unknown, terminal: Terminal): number {
  const failure = error instanceof Failure ? error : undefined
  const message = failure?.message ?? (error instanceof Error ? error.message : String(error))
  const hint = failure
    ? failure.hint
    : error instanceof StrataError
      ? error.hint
      : 'This is a mistake in Strata. Please report it with what you did.'
  if (message !== '') terminal.err(`${programName()}: ${message}\n`)
  if (failure?.usage) terminal.err(`Try '${programName()} --help' for more information\n`)
  if (hint !== undefined && terminal.attended) terminal.err(`  ${hint}\n`)
  return failure?.exitCode ?? EXIT.failed
}
