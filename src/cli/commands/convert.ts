import { StrataError } from '../../shared/errors.ts'
import type { Progress } from '../../shared/model.ts'
import type { ConvertRequest } from '../../shared/requests.ts'
import { assertCacheMode, CREATION, FORMAT, QUIET, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { CreationOptions, creationHelp } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, refusal } from '../failure.ts'
import { inspectWhole, knownFormat } from '../inspect.ts'
import { makeFailure } from '../make-failure.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { openReason } from '../open-failure.ts'
import { asksForHelp, parseOptionLists } from '../option-list.ts'
import { programName } from '../program-name.ts'
import { PROGRESS_END, progressLine } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { parseSize } from '../sizes.ts'
import { snapshotOf } from '../snapshot-choice.ts'
import { verb } from '../verb.ts'

/** `strata convert`: the content of a disk, through its whole chain, in a new image of any format. */
export const convert = verb({
  summary: 'copy a disk into a new image',
  operands: 'FILE TARGET',
  options: {
    format: FORMAT,
    targetFormat: { short: 'O', value: 'FMT', help: 'format of the target: raw (the default) or qcow2' },
    compress: { short: 'c', help: 'compress what is copied (qcow2)' },
    level: { long: 'level', value: 'N', help: 'with -c: how hard to compress, 1 to 9 (zlib) or 1 to 19 (zstd)' },
    progress: { short: 'p', help: 'show how far the work is' },
    quiet: QUIET,
    creation: CREATION,
    sparse: { short: 'S', value: 'SIZE', help: 'zeros of this length become a hole; 0 writes every byte; 4k unless stated' },
    targetCache: { short: 't', value: 'CACHE', help: 'accepted: the target is written through the system cache and flushed at the end' },
    sourceCache: SOURCE_CACHE,
    parallel: { short: 'm', value: 'N', help: 'accepted: 1 to 16' },
    unordered: { short: 'W', help: 'accepted: the target is written in order' },
    share: SHARE,
    backing: { short: 'B', value: 'FILE' },
    backingFormat: { short: 'F', value: 'FMT' },
    existing: { short: 'n' },
    offload: { short: 'C' },
    rate: { short: 'r', value: 'RATE' },
    snapshot: { short: 'l', value: 'SNAPSHOT', help: 'read a snapshot: its id or name, or snapshot.id=ID,snapshot.name=NAME' },
    bitmaps: { long: 'bitmaps', help: "copy the source's dirty bitmaps too" },
    skipBitmaps: { long: 'skip-broken-bitmaps', help: 'with --bitmaps: leave out those that are inconsistent' },
    salvage: { long: 'salvage' },
    zeroTarget: { long: 'target-is-zero' },
    targetImageOptions: { long: 'target-image-opts' },
    ...IMAGE,
  },
  async run(args, terminal) {
    const formatName = args.last('targetFormat') ?? 'raw'
    const format = knownFormat(formatName)
    const settings = parseOptionLists(args.all('creation'))
    const sparse = sparseLength(args.last('sparse'))
    const parallel = args.last('parallel')
    if (parallel !== undefined && !/^\s*\+?0*([1-9]|1[0-6])$/.test(parallel))
      throw new Failure('Invalid number of coroutines. Allowed number of coroutines is between 1 and 16')
    if (asksForHelp(args.all('creation')) && format) {
      terminal.out(creationHelp(format))
      return EXIT.ok
    }
    if (args.has('skipBitmaps') && !args.has('bitmaps')) throw new Failure('Use of --skip-broken-bitmaps requires --bitmaps')
    const [source, target, extra] = args.operands
    if (source === undefined || target === undefined) throw new Failure('Must specify image file name')
    if (extra !== undefined && args.has('bitmaps')) throw new Failure('Copying bitmaps only possible with single source')
    if (extra !== undefined) throw refusal('converting several images into one')
    assertCacheMode(args.last('targetCache'), 'cache')
    assertCacheMode(args.last('sourceCache'), 'source cache')

    const image = namedImage(args, source)
    const top = inspectWhole(image.path, image.format).layers[0]
    if (top?.encrypted && image.secret === undefined)
      throw new Failure(`Could not open '${source}': Parameter 'encrypt.key-secret' is required for cipher`)
    if (!format) throw new Failure(`Unknown file format '${formatName}'`)
    const options = new CreationOptions(format, settings)
    const compress = args.has('compress')
    const level = compressionLevel(args.last('level'), compress)
    if (options.text('backing_file') !== undefined || options.text('backing_fmt') !== undefined)
      throw refusal('converting onto a backing file', 'Without one, the target holds the whole content.')
    if (compress && format === 'raw') throw new Failure('Compression not supported for this file format')
    if (compress && options.encrypts) throw new Failure('Compression and encryption not supported at the same time')
    if (compress && options.preallocates) throw new Failure('Compression and preallocation not supported at the same time')

    const snapshot = snapshotOf(top, args.last('snapshot'))
    const doing = `${target}: error while converting ${format}`
    const showing = args.has('progress') && !args.has('quiet')
    try {
      const request: ConvertRequest = {
        source: {
          path: image.path,
          ...(top && { format: top.format }),
          ...(image.secret !== undefined && { secret: image.secret }),
          ...snapshot,
        },
        target: { path: target, format, qcow2: { ...options.toRequest(), ...level }, compress },
        overwrite: true,
        ...(args.has('bitmaps') && { bitmaps: args.has('skipBitmaps') ? 'sound' : 'all' }),
        ...(sparse !== undefined && { sparse }),
      }
      const show = (progress: Progress): void => {
        if (showing) terminal.out(progressLine(progress))
      }
      await runJob(terminal, { kind: 'convert', request }, show, image.secrets)
    } catch (error) {
      if (error instanceof StrataError && error.code === 'WRONG_PASSPHRASE')
        throw new Failure(`Could not open '${source}': ${openReason(image.path, error.toDto())}`, { hint: error.hint })
      if (error instanceof Failure && error.message !== '') throw new Failure(`${doing}: ${error.message}`, error)
      if (error instanceof StrataError && error.where.field === 'bitmaps') throw bitmapFailure(error, target, format)
      throw makeFailure(target, doing, error)
    }
    if (showing) terminal.out(PROGRESS_END)
    return EXIT.ok
  },
})

function compressionLevel(text: string | undefined, compress: boolean): { compressionLevel?: number } {
  if (text === undefined) return {}
  if (!compress) throw new Failure('A compression level needs -c')
  if (!/^\d{1,2}$/.test(text)) throw new Failure(`Invalid compression level '${text}'`)
  return { compressionLevel: Number(text) }
}

/** Why bitmaps can't be taken along, in qemu-img's words. */
function bitmapFailure({ message, where }: StrataError, target: string, format: string): Failure {
  if (where.path === target) return new Failure(`Format driver '${format}' does not support bitmaps`)
  const broken = message.startsWith('Cannot copy')
  return new Failure(broken ? `${message}\nTry --skip-broken-bitmaps, or use '${programName()} bitmap --remove' to delete it` : message)
}

/** The largest `-S`: qemu-img's copy buffer. */
const MAX_SPARSE = 2n ** 24n

function sparseLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const length = parseSize(text)
  if (length === 'invalid' || length === 'range')
    throw new Failure(
      'Invalid buffer size for sparse output specified. You may use k, M, G, T, P or E suffixes for\n' +
        `${programName()}: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
    )
  if (length % 512n !== 0n || length > MAX_SPARSE)
    throw new Failure(
      `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${MAX_SPARSE}. ` +
        'Select 0 to disable sparse detection (fully allocates output).',
    )
  return Number(length)
}
