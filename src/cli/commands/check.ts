import { assertCacheMode, FORMAT, OUTPUT, outputOf, QUIET, REFUSED, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, refusal, usageFailure } from '../failure.ts'
import { inspect } from '../inspect.ts'
import { json } from '../json.ts'
import { checkExit, checkObject, checkText } from '../render-check.ts'
import { runJob } from '../run-job.ts'
import { verb } from '../verb.ts'

/** `strata check`: whether an image's structures agree with one another. Findings go where errors go, the verdict to the output. */
export const check = verb({
  summary: 'look for damage in an image',
  operands: 'FILE',
  options: {
    format: FORMAT,
    output: OUTPUT,
    quiet: QUIET,
    repair: { short: 'r', long: 'repair', value: 'leaks|all', help: 'refused: Strata does not repair yet' },
    cache: SOURCE_CACHE,
    share: SHARE,
    ...REFUSED,
  },
  async run(args, terminal) {
    const [path] = args.operands
    const output = outputOf(args.last('output'))
    const repair = args.last('repair')
    if (repair !== undefined && repair !== 'leaks' && repair !== 'all')
      throw usageFailure(`Unknown option value for -r (expecting 'leaks' or 'all'): ${repair}`)
    if (path === undefined || args.operands.length > 1) throw usageFailure('Expecting one image file name')
    assertCacheMode(args.last('cache'), 'source cache')
    if (repair !== undefined) throw refusal(`repairing (-r ${repair})`, 'Without -r, check says what is wrong and changes nothing.')

    const format = inspect(path, args.last('format')).layers[0]?.format
    if (format !== 'qcow2') throw new Failure('This image format does not support checks', { exitCode: EXIT.notCheckable })
    const report = await runJob(terminal, { kind: 'check', request: { path, format } })
    const found = report.corruptions + report.leaks + report.checkErrors
    const untold = found - report.findings.length
    terminal.err(report.findings.map(({ message }) => `${message}\n`).join(''))
    if (untold > 0) terminal.err(`... and ${untold} more\n`)
    if (!args.has('quiet')) terminal.out(output === 'json' ? json(checkObject(report)) : checkText(report))
    return checkExit(report)
  },
})
