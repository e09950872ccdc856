import { basename, isAbsolute } from 'node:path'
import { StrataError } from '../../shared/errors.ts'
import type { FormatName } from '../../shared/model.ts'
import type { RebaseRequest } from '../../shared/requests.ts'
import { assertCacheMode, FORMAT, QUIET, SHARE, SOURCE_CACHE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { inspect, inspectWhole, knownFormat } from '../inspect.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { progressDisplay } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { verb } from '../verb.ts'

/** `strata rebase`: an overlay on another backing file, or on none. */
export const rebase = verb({
  summary: 'put an overlay on another backing file, or on none',
  operands: 'FILE',
  description: [
    'What reads otherwise through the new backing file is copied into the image first, so that the disk stays as it is; with -u nothing is copied.',
  ],
  examples: [
    { line: 'rebase -b other.qcow2 -F qcow2 overlay.qcow2', does: 'put an overlay on another base' },
    { line: "rebase -b '' overlay.qcow2", does: 'make an overlay whole' },
  ],
  options: {
    format: FORMAT,
    backing: {
      short: 'b',
      value: 'BACKING',
      help: 'the new backing file, as seen from the image; empty for none: the image then holds all of its disk',
    },
    backingFormat: { short: 'F', value: 'FMT', help: 'the format of the new backing file' },
    unsafe: { short: 'u', help: 'change the name alone: for a backing file that moved and holds the same' },
    compress: { short: 'c', help: 'compress what is copied into the image' },
    progress: { short: 'p', help: 'show how far the work is' },
    quiet: QUIET,
    cache: { short: 't', value: 'CACHE', help: 'accepted: the image is written through the system cache and flushed' },
    sourceCache: SOURCE_CACHE,
    share: SHARE,
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const [operand, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    const name = args.last('backing')
    const unsafe = args.has('unsafe')
    if (name === undefined && !unsafe) throw usageFailure('Must specify backing file (-b) or use unsafe mode (-u)')
    assertCacheMode(args.last('cache'), 'cache')
    assertCacheMode(args.last('sourceCache'), 'source cache')

    const image = namedImage(args, operand)
    const { path } = image
    const [top] = (unsafe ? inspect : inspectWhole)(path, image.format).layers
    if (!top) throw new Failure(`Could not open '${operand}'`)
    const backing = newBacking(name, args.last('backingFormat'))
    if (top.format !== 'qcow2') throw notChanged(backing, 'Operation not supported')
    if (unsafe && !args.has('force')) assertHarmless(path, { but: [top], doing: 'An unsafe rebase' })

    const progress = progressDisplay(args, terminal)
    progress.begin()
    const request: RebaseRequest = {
      path,
      format: top.format,
      backing,
      mode: unsafe ? 'unsafe' : 'safe',
      compress: args.has('compress'),
      changeSnapshots: args.has('force'),
    }
    try {
      await runJob(terminal, { kind: 'rebase', request }, progress.show, secretsByPath(image))
    } catch (error) {
      throw error instanceof StrataError ? failureOf(error, request) : error
    }
    progress.end()
    return EXIT.ok
  },
})

/** What lies below from then on. The format must be stated: an image that names none is open to whoever can write its backing file. */
function newBacking(name: string | undefined, formatName: string | undefined): { name: string; format: FormatName } | null {
  const format = knownFormat(formatName)
  if (formatName !== undefined && format === undefined) throw new Failure(`Invalid format name: '${formatName}'`)
  if (name === undefined || name === '') return null
  if (format === undefined) throw notChanged({ name }, 'backing format must be specified')
  return { name, format }
}

function notChanged(backing: { name: string } | null, reason: string, hint?: string): Failure {
  return new Failure(`Could not change the backing file to '${backing?.name ?? ''}': ${reason}`, { hint })
}

function failureOf(error: StrataError, { path, backing }: RebaseRequest): Failure {
  const dto = error.toDto()
  const { hint } = dto
  if (dto.where.path === path && (dto.code === 'NO_PASSPHRASE' || dto.code === 'WRONG_PASSPHRASE'))
    return new Failure(`Could not open '${path}': ${openReason(path, dto)}`, { hint })
  if (dto.code === 'INVALID_ARGUMENT' && dto.where.field === 'backing_file') return notChanged(backing, 'Invalid argument', hint)
  if (backing !== null && dto.where.path !== undefined && dto.where.path !== path) {
    const place = isAbsolute(backing.name) ? backing.name : path.slice(0, path.length - basename(path).length) + backing.name
    return new Failure(`Could not open new backing file '${backing.name}': ${openReason(place, dto)}`, { hint })
  }
  return new Failure(systemWords(dto), { hint })
}
