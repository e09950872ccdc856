import type { CompactRequest, CompactResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import { FORMAT, OUTPUT, outputOf, QUIET } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { inspect } from '../inspect.ts'
import { json } from '../json.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { type ProgressDisplay, progressDisplay } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { humanSize } from '../sizes.ts'
import type { Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'

/** The phases of the job that take its time; what comes before and after them moves no line. */
const SHOWN = ['Looking for zeros', 'Copying', 'Compressing']

/** `strata compact`: an image's file made smaller. qemu-img has no such verb. */
export const compact = verb({
  summary: 'make the file of an image smaller; its disk stays as it is',
  operands: 'FILE',
  description: [
    "What reads as zeros, and what nobody uses, goes back to the file system: in place, or with --rewrite in a new file that takes the old one's place when it is whole. If it is stopped, start it again: it goes on with what is left.",
  ],
  examples: [
    { line: 'compact --dry-run disk.qcow2', does: 'say what would be won' },
    { line: 'compact disk.qcow2', does: 'give it back' },
  ],
  options: {
    dryRun: { long: 'dry-run', help: 'change nothing, and say what would be won' },
    rewrite: { long: 'rewrite', help: 'write the image anew, and let it take the place of the old one when it is whole' },
    compress: { short: 'c', help: 'with --rewrite: compress the data' },
    format: FORMAT,
    output: OUTPUT,
    progress: { short: 'p', help: 'show progress' },
    quiet: QUIET,
    ...IMAGE,
  },
  async run(args, terminal) {
    const output = outputOf(args.last('output'))
    const rewrite = args.has('rewrite')
    const compress = args.has('compress')
    const dryRun = args.has('dryRun')
    if (compress && !rewrite) throw usageFailure('-c is of a rewrite: say --rewrite too')
    const [operand] = args.operands
    if (operand === undefined || args.operands.length > 1) throw usageFailure('Expecting one image file name')

    const image = namedImage(args, operand)
    const { path } = image
    const [top] = inspect(path, image.format, operand).layers
    if (!top) throw new Failure(`Could not open '${path}'`)
    const request: CompactRequest = { path, format: top.format, how: rewrite ? 'rewrite' : 'in-place', compress, dryRun }
    const progress = progressDisplay(args, terminal, SHOWN)
    const result = await compacted(terminal, request, progress.show, secretsByPath(image))
    progress.end()
    if (!args.has('quiet')) terminal.out(output === 'json' ? json(resultObject(request, result)) : resultText(request, result))
    return EXIT.ok
  },
})

async function compacted(
  terminal: Terminal,
  request: CompactRequest,
  show: ProgressDisplay['show'],
  secrets: Record<string, Uint8Array>,
): Promise<CompactResult> {
  try {
    return await runJob(terminal, { kind: 'compact', request }, show, secrets)
  } catch (error) {
    if (!(error instanceof StrataError)) throw error
    const words = error.code.includes('PASSPHRASE')
      ? `Could not open '${request.path}': ${openReason(request.path, error.toDto())}`
      : systemWords(error.toDto())
    throw new Failure(words, { hint: error.hint })
  }
}

function resultObject({ path, how, dryRun = false }: CompactRequest, { info, before, after, zeros }: CompactResult): object {
  return { filename: path, format: info.format, how, 'dry-run': dryRun, 'size-before': before, 'size-after': after, zeros }
}

/** What was won, or would be, for a person. */
function resultText({ path, dryRun = false }: CompactRequest, { before, after, zeros }: CompactResult): string {
  const gain = before - after
  const won = gain > 0 ? `${humanSize(gain)} (${Math.round((gain / before) * 100)}%)` : 'nothing'
  return [
    dryRun ? `'${path}' would give back about ${won}.` : `'${path}' gave back ${won}.`,
    `before: ${humanSize(before)} on disk`,
    `after: ${dryRun ? 'about ' : ''}${humanSize(after)} on disk`,
    `zeros: ${humanSize(zeros)} of the disk's data held nothing else`,
    '',
  ].join('\n')
}
