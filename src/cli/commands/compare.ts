import { StrataError } from '../../shared/errors.ts'
import type { CompareResult } from '../../shared/requests.ts'
import { assertCacheMode, FORMAT, QUIET, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { IMAGE } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { progressLine } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { type Opened, openedSource, sourceImage } from '../source-image.ts'
import { verb } from '../verb.ts'

/** Bytes that qemu-img tells apart. */
const SECTOR = 512

/** `strata compare`: whether two disks read the same. The exit code tells why not. */
export const compare = verb({
  summary: 'say whether two disks hold the same',
  operands: 'FILE FILE',
  description: ['Where one disk is longer, the rest of it must be zeros; with -s it must not be longer.'],
  examples: [{ line: 'compare disk.raw disk.qcow2', does: 'say whether they hold the same' }],
  exitCodes: {
    0: 'they hold the same',
    1: 'they differ',
    2: 'an image could not be opened',
    3: 'it is not known what is allocated',
    4: 'an image could not be read',
  },
  options: {
    format: { ...FORMAT, help: 'format of the first image: raw or qcow2; found out unless stated' },
    otherFormat: { short: 'F', value: 'FMT', help: 'format of the second one' },
    strict: { short: 's', help: 'sizes must be the same too, and what is allocated' },
    progress: { short: 'p', help: 'show how far the work is' },
    quiet: QUIET,
    cache: SOURCE_CACHE,
    share: SHARE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const [first, second, extra] = args.operands
    if (first === undefined || second === undefined || extra !== undefined) throw usageFailure('Expecting two image file names')
    const quiet = args.has('quiet')
    const showing = args.has('progress') && !quiet
    try {
      assertCacheMode(args.last('cache'), 'source cache')
      const left = opened(args, first)
      const right = opened({ ...args, last: (name) => args.last(name === 'format' ? 'otherFormat' : name) }, second)
      if (showing) terminal.out(progressLine({ done: 0, total: 1 }))
      const request = { left: sourceImage(left), right: sourceImage(right), strict: args.has('strict') }
      const result = await runJob(
        terminal,
        { kind: 'compare', request },
        (progress) => {
          if (showing && progress.done > 0) terminal.out(progressLine(progress))
        },
        left.secrets,
      ).catch((error: unknown) => {
        throw failureOf(error, left, right)
      })
      if (!quiet) terminal.out(verdict(result))
      return result.same ? EXIT.ok : EXIT.different
    } catch (error) {
      if (error instanceof Failure && error.exitCode === EXIT.failed && error.message !== '')
        throw new Failure(error.message, { exitCode: EXIT.notOpened, hint: error.hint })
      throw error
    } finally {
      if (showing) terminal.out('\n')
    }
  },
})

type Side = Opened & { operand: string }

function opened(args: Parameters<typeof openedSource>[0], operand: string): Side {
  return { ...openedSource(args, operand), operand }
}

function failureOf(error: unknown, left: Side, right: Side): unknown {
  if (!(error instanceof StrataError)) return error
  const { where, hint, message } = error
  const image = where.path === right.path ? right : left
  if (where.field === 'allocation')
    return new Failure(`Sector allocation test failed for ${image.operand}: ${message}`, { exitCode: EXIT.notAllocated, hint })
  if (where.field === 'content')
    return new Failure(`Error while reading offset ${where.offset ?? 0} of ${image.operand}: ${message}`, { exitCode: EXIT.notRead, hint })
  const dto = error.toDto()
  const reason = where.path === undefined ? systemWords(dto) : openReason(image.path, dto)
  return new Failure(`Could not open '${image.operand}': ${reason}`, { exitCode: EXIT.notOpened, hint })
}

function verdict(result: CompareResult): string {
  const warning = 'Warning: Image size mismatch!\n'
  if (result.same) return `${result.sizesDiffer ? warning : ''}Images are identical.\n`
  if (result.why === 'size') return 'Strict mode: Image size mismatch!\n'
  if (result.why === 'allocation') return `Strict mode: Offset ${result.at} block status mismatch!\n`
  return `${result.beyond ? warning : ''}Content mismatch at offset ${result.at - (result.at % SECTOR)}!\n`
}
