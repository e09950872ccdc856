import { StrataError } from '../../shared/errors.ts'
import type { CheckReport } from '../../shared/model.ts'
import type { CheckRequest } from '../../shared/requests.ts'
import { assertCacheMode, FORMAT, OUTPUT, outputOf, QUIET, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { knownFormat } from '../inspect.ts'
import { json } from '../json.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { openFailure } from '../open-failure.ts'
import { checkExit, checkObject, checkText, repairText } from '../render-check.ts'
import { runJob } from '../run-job.ts'
import type { Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'

/** `strata check`: whether an image's structures agree with one another. Findings go where errors go, the verdict to the output. */
export const check = verb({
  summary: 'look for damage in an image, and mend it',
  operands: 'FILE',
  description: ['Findings go to the error output, the verdict to the output. A repair writes nothing before it knows what is wrong.'],
  examples: [
    { line: 'check disk.qcow2', does: 'look for damage' },
    { line: 'check -r leaks disk.qcow2', does: 'give back clusters that nobody uses' },
  ],
  exitCodes: {
    0: 'nothing is wrong, or all of it is mended',
    1: 'the check could not be finished',
    2: 'the image is damaged',
    3: 'clusters are lost, and nothing is damaged',
    63: 'the format has nothing to check',
  },
  options: {
    format: FORMAT,
    output: OUTPUT,
    quiet: QUIET,
    repair: { short: 'r', long: 'repair', value: 'leaks|all', help: 'mend lost clusters, or everything' },
    dryRun: { long: 'dry-run', help: 'with -r: change nothing, and say what would be mended' },
    cache: SOURCE_CACHE,
    share: SHARE,
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const [operand] = args.operands
    const output = outputOf(args.last('output'))
    const repair = args.last('repair')
    const dryRun = args.has('dryRun')
    if (repair !== undefined && repair !== 'leaks' && repair !== 'all')
      throw usageFailure(`Unknown option value for -r (expecting 'leaks' or 'all'): ${repair}`)
    if (dryRun && repair === undefined) throw usageFailure('--dry-run is of a repair: say -r leaks or -r all')
    if (operand === undefined || args.operands.length > 1) throw usageFailure('Expecting one image file name')
    assertCacheMode(args.last('cache'), 'source cache')

    const { path, format: name } = namedImage(args, operand)
    const format = knownFormat(name)
    if (name !== undefined && format === undefined) throw new Failure(`Could not open '${operand}': Unknown driver '${name}'`)
    // Leaks are nobody's; to mend all may cut off what an image above reads.
    if (repair === 'all' && !dryRun && !args.has('force')) assertHarmless(path, { but: [], doing: 'Repairing this image' })
    const report = await checked(terminal, operand, { path, dryRun, ...(format && { format }), ...(repair && { repair }) })
    tell(terminal, report.repairs ?? [], (report.corruptionsFixed ?? 0) + (report.leaksFixed ?? 0))
    tell(terminal, report.findings, report.corruptions + report.leaks + report.checkErrors)
    if (!args.has('quiet')) terminal.out(output === 'json' ? json(checkObject(report)) : repairText(report, dryRun) + checkText(report))
    return checkExit(report)
  },
})

async function checked(terminal: Terminal, named: string, request: CheckRequest): Promise<CheckReport> {
  try {
    return await runJob(terminal, { kind: 'check', request })
  } catch (error) {
    if (!(error instanceof StrataError)) throw error
    if (error.code === 'UNSUPPORTED' && error.where.field === 'format') throw new Failure(error.message, { exitCode: EXIT.notCheckable })
    throw openFailure(request.path, error.toDto(), named)
  }
}

/** The first of what was found or mended, and how much more there was. */
function tell(terminal: Terminal, findings: CheckReport['findings'], count: number): void {
  terminal.err(findings.map(({ message }) => `${message}\n`).join(''))
  if (count > findings.length) terminal.err(`... and ${count - findings.length} more\n`)
}
