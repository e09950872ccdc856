import { StrataError } from '../../shared/errors.ts'
import type { ConvertRequest, ConvertResult, Unreadable } from '../../shared/requests.ts'
import type { Parsed } from '../args.ts'
import { assertCacheMode, CREATION, FORMAT, QUIET, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { assertParallel, rateOf, sparseLength } from '../convert-numbers.ts'
import { doingOf, newTarget, targetInPlace } from '../converted-image.ts'
import { creationHelp } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { knownFormat } from '../inspect.ts'
import { makeFailure } from '../make-failure.ts'
import { IMAGE } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { asksForHelp, parseOptionLists } from '../option-list.ts'
import { programName } from '../program-name.ts'
import { type ProgressDisplay, progressDisplay } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { snapshotOf } from '../snapshot-choice.ts'
import type { Terminal } from '../terminal.ts'
import { type Opened, openedSource, sourceImage } from '../source-image.ts'
import { verb } from '../verb.ts'

const OPTIONS = {
  format: FORMAT,
  targetFormat: { short: 'O', value: 'FMT', help: 'format of the target: raw (the default) or qcow2' },
  compress: { short: 'c', help: 'compress what is copied (qcow2)' },
  level: { long: 'level', value: 'N', help: 'with -c: how hard to compress, 1 to 9 (zlib) or 1 to 19 (zstd)' },
  progress: { short: 'p', help: 'show how far the work is' },
  quiet: QUIET,
  creation: CREATION,
  backing: { short: 'B', value: 'FILE', help: 'the target is an overlay on FILE, and holds only what differs from it' },
  backingFormat: { short: 'F', value: 'FMT', help: 'format of that file' },
  sparse: { short: 'S', value: 'SIZE', help: 'zeros of this length become a hole; 0 writes every byte; 4k unless stated' },
  offload: { short: 'C', help: 'copy what is data as it is, without a look for zeros' },
  rate: { short: 'r', value: 'RATE', help: 'read no more than this many bytes a second' },
  targetCache: { short: 't', value: 'CACHE', help: 'unsafe: a new target is not flushed at the end; all others: it is' },
  sourceCache: SOURCE_CACHE,
  parallel: { short: 'm', value: 'N', help: 'accepted: 1 to 16' },
  unordered: { short: 'W', help: 'accepted: the target is written in order' },
  share: SHARE,
  snapshot: { short: 'l', value: 'SNAPSHOT', help: 'read a snapshot: its id or name, or snapshot.id=ID,snapshot.name=NAME' },
  bitmaps: { long: 'bitmaps', help: "copy the source's dirty bitmaps too" },
  skipBitmaps: { long: 'skip-broken-bitmaps', help: 'with --bitmaps: leave out those that are inconsistent' },
  salvage: { long: 'salvage', help: 'what can not be read becomes zeros, with a warning' },
  existing: { short: 'n', help: 'write into the target that is there, and at least as large' },
  zeroTarget: { long: 'target-is-zero', help: 'with -n: the target reads as zeros already' },
  targetImageOptions: { long: 'target-image-opts', help: 'with -n: TARGET is a list of options: driver=qcow2,file.filename=…' },
  verify: { long: 'verify', help: 'read the new image anew before it takes its name, and compare it with the source' },
  replaceSource: { long: 'replace-source', help: 'with the checks of --verify: TARGET takes the place of FILE, which is removed' },
  force: FORCE,
  ...IMAGE,
} as const

type Args = Parsed<keyof typeof OPTIONS>

/** `strata convert`: the content of one disk, or of several one after the other, in a new image of any format or in one that is there. */
export const convert = verb({
  summary: 'copy a disk into a new image',
  operands: 'FILE [FILE...] TARGET',
  description: [
    'The target holds the content of the whole chain. It is written beside its place, and takes it when it is whole: what fails or is stopped leaves nothing behind.',
  ],
  examples: [
    { line: 'convert -p -O qcow2 disk.raw disk.qcow2', does: 'make a qcow2 image of a raw disk' },
    { line: 'convert -c -O qcow2 disk.raw small.qcow2', does: 'the same, compressed' },
    { line: 'convert --replace-source -O qcow2 disk.raw disk.qcow2', does: 'the same, and remove the raw disk once the copy is proven' },
  ],
  options: OPTIONS,
  async run(args, terminal) {
    const settings = parseOptionLists(args.all('creation'))
    const sparse = sparseLength(args.last('sparse'))
    assertParallel(args.last('parallel'))
    const rate = rateOf(args.last('rate'))
    assertTogether(args)
    const format = knownFormat(args.last('targetFormat') ?? 'raw')
    if (asksForHelp(args.all('creation')) && format) {
      terminal.out(creationHelp(format))
      return EXIT.ok
    }
    const operands = args.operands.slice(0, -1)
    const named = args.operands.at(-1)
    if (operands.length === 0 || named === undefined) throw new Failure('Must specify image file name')
    assertCacheMode(args.last('sourceCache'), 'source cache')

    const opened = operands.map((operand) => openedSource(args, operand))
    const [first, ...others] = opened
    if (!first) throw new Failure('Must specify image file name')
    if (args.has('snapshot') && others.length > 0) throw new Failure('No support for concatenating multiple snapshot')
    if (args.has('bitmaps') && others.length > 0) throw new Failure('Copying bitmaps only possible with single source')
    const snapshot = snapshotOf(first.top, args.last('snapshot'))
    if (args.has('zeroTarget') && args.has('backing'))
      throw new Failure('Cannot use --target-is-zero when the destination image has a backing file')
    const target = args.has('existing')
      ? targetInPlace(args, named, first.secrets).target
      : newTarget(args, named, settings, others.length > 0)
    assertCacheMode(args.last('targetCache'), 'cache')
    if (!args.has('force')) {
      assertHarmless(target.path, { but: [], doing: 'Writing this image' })
      if (args.has('replaceSource')) assertHarmless(first.path, { but: [], doing: 'Replacing this image' })
    }

    const request: ConvertRequest = {
      source: { ...sourceImage(first), ...snapshot },
      ...(others.length > 0 && { also: others.map(sourceImage) }),
      target,
      overwrite: true,
      ...(args.has('bitmaps') && { bitmaps: args.has('skipBitmaps') ? 'sound' : 'all' }),
      ...(sparse !== undefined && { sparse }),
      ...(rate !== undefined && { rate }),
      ...(args.has('offload') && { verbatim: true }),
      ...(args.has('salvage') && { salvage: true }),
      ...(args.last('targetCache') === 'unsafe' && { unflushed: true }),
      ...(args.has('verify') && { verify: true }),
      ...(args.has('replaceSource') && { replaceSource: true }),
    }
    const progress = progressDisplay(args, terminal)
    const { unreadable } = await converted(terminal, request, opened, operands, progress.show)
    progress.end()
    if (unreadable && !args.has('quiet')) warnOfLost(terminal, unreadable)
    return EXIT.ok
  },
})

/** Throws for options that mean nothing together, in qemu-img's order. */
function assertTogether(args: Args): void {
  if (args.has('skipBitmaps') && !args.has('bitmaps')) throw new Failure('Use of --skip-broken-bitmaps requires --bitmaps')
  if (args.has('offload') && args.has('compress')) throw new Failure('Cannot enable copy offloading when -c is used')
  if (args.has('offload') && args.has('sparse')) throw new Failure('Cannot enable copy offloading when -S is used')
  if (args.has('targetImageOptions') && !args.has('existing')) throw new Failure('--target-image-opts requires use of -n flag')
  if (args.has('creation') && args.has('existing')) throw new Failure('-o has no effect when skipping image creation')
  if (args.has('zeroTarget') && !args.has('existing')) throw new Failure('--target-is-zero requires use of -n flag')
  for (const [name, option] of [
    ['verify', '--verify'],
    ['replaceSource', '--replace-source'],
  ] as const) {
    if (args.has(name) && args.has('existing')) throw new Failure(`${option} is of a new image: it can not be used with -n`)
    if (args.has(name) && args.has('salvage')) throw new Failure(`${option} and --salvage can not be used together`)
  }
}

async function converted(
  terminal: Terminal,
  request: ConvertRequest,
  opened: readonly Opened[],
  operands: readonly string[],
  show: ProgressDisplay['show'],
): Promise<ConvertResult> {
  const { target } = request
  const doing = doingOf(target.path, target.format)
  try {
    return await runJob(terminal, { kind: 'convert', request }, show, opened[0]?.secrets)
  } catch (error) {
    if (!(error instanceof StrataError)) {
      if (error instanceof Failure && error.message !== '') throw new Failure(`${doing}: ${error.message}`, error)
      throw error
    }
    const { code, where, hint } = error
    const dto = error.toDto()
    if (code === 'WRONG_PASSPHRASE') {
      const at = Math.max(
        0,
        opened.findIndex(({ path }) => path === where.path),
      )
      throw new Failure(`Could not open '${operands[at]}': ${openReason(opened[at]?.path ?? '', dto)}`, { hint })
    }
    if (where.field === 'bitmaps') throw bitmapFailure(error, target.path, target.format)
    if (target.inPlace) throw new Failure(systemWords(dto), { hint })
    // The file below the target is opened by its name in the target.
    if (code === 'NOT_FOUND' && target.backing && where.path !== target.path)
      throw new Failure(`Could not open '${target.path}': ${openReason(target.path, dto)}`, { hint })
    throw makeFailure(target.path, doing, error)
  }
}

/** Why bitmaps can't be taken along, in qemu-img's words. */
function bitmapFailure({ message, where, hint, code }: StrataError, target: string, format: string): Failure {
  if (where.path === target && code !== 'EXISTS') return new Failure(`Format driver '${format}' does not support bitmaps`)
  const broken = message.startsWith('Cannot copy')
  return new Failure(broken ? `${message}\nTry --skip-broken-bitmaps, or use '${programName()} bitmap --remove' to delete it` : message, {
    hint,
  })
}

/** One warning for each range that became zeros. */
function warnOfLost(terminal: Terminal, { bytes, ranges }: Unreadable): void {
  const warn = (text: string): void => terminal.err(`${programName()}: warning: ${text}\n`)
  let told = 0
  for (const { at, length } of ranges) {
    warn(`error while reading offset ${at}: Input/output error; ${length} bytes are zeros now`)
    told += length
  }
  if (told < bytes) warn(`errors while reading further on: ${bytes - told} more bytes are zeros now`)
}
