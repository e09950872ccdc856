import type { JobOrder } from '../../../shared/api.ts'
import { namesSecret } from '../../../shared/secret-names.ts'
import type {
  AmendRequest,
  BenchRequest,
  BitmapRequest,
  CommitRequest,
  CompareRequest,
  ConvertRequest,
  MeasureRequest,
  RebaseRequest,
  SnapshotAction,
  SnapshotRequest,
  SourceImage,
} from '../../../shared/requests.ts'
import { checkCommand, compactCommand, convertCommand, createCommand, optionArguments, quote, resizeCommand } from './command-line.ts'
import { sizeArgument } from './sizes.ts'

/**
 * The `strata` line that does what a job does, from its order alone. Undefined where the terminal has no such line: an order that names a
 * passphrase, a look without a change, a snapshot that is deleted by its number.
 */
export function orderCommand(order: JobOrder): string | undefined {
  if (namesSecret(order)) return undefined
  const forced = order.forced ?? false
  switch (order.kind) {
    case 'create':
      return createCommand(order.request)
    case 'convert':
      return convertLine(order.request)
    case 'check':
      return checkCommand(order.request, forced)
    case 'compact':
      return order.request.dryRun ? undefined : compactCommand(order.request)
    case 'resize':
      return resizeCommand(order.request, forced)
    case 'measure':
      return measureCommand(order.request)
    case 'compare':
      return compareCommand(order.request)
    case 'bench':
      return benchCommand(order.request)
    case 'amend':
      return amendCommand(order.request)
    case 'snapshot':
      return snapshotLine(order.request, forced)
    case 'bitmap':
      return bitmapCommand(order.request)
    case 'commit':
      return commitCommand(order.request, forced)
    case 'rebase':
      return rebaseCommand(order.request, forced)
  }
}

/** None for what a window does not ask for, and the terminal says with other words: several sources, a part of a disk, a limit, a rescue. */
function convertLine(request: ConvertRequest): string | undefined {
  const { also, range, rate, salvage, sparse, verbatim, unflushed, bitmaps, target } = request
  const more = [also, range, rate, salvage, sparse, verbatim, unflushed, bitmaps, target.inPlace]
  return more.every((one) => one === undefined) ? convertCommand(request) : undefined
}

function measureCommand({ source, target }: MeasureRequest): string | undefined {
  if (target.backed) return undefined
  const of = 'size' in source ? [`--size=${sizeArgument(source.size)}`] : [...formatOf(source), ...snapshotOf(source), quote(source.path)]
  return ['strata', 'measure', '-O', target.format, ...(target.compress ? ['-c'] : []), ...optionArguments(target.qcow2), ...of].join(' ')
}

function compareCommand({ left, right, strict }: CompareRequest): string | undefined {
  // `compare` in the terminal reads disks as they are now.
  if (left.snapshot !== undefined || right.snapshot !== undefined) return undefined
  const formats = [...formatOf(left), ...(right.format ? ['-F', right.format] : [])]
  return ['strata', 'compare', '-p', ...formats, ...(strict ? ['-s'] : []), quote(left.path), quote(right.path)].join(' ')
}

function benchCommand(request: BenchRequest): string {
  const { count, bufferSize, step, offset, write, flushInterval } = request
  const parts = ['strata', 'bench', ...formatOf(request), '-c', `${count}`, '-s', sizeArgument(bufferSize)]
  if (step !== bufferSize) parts.push('-S', sizeArgument(step))
  if (offset > 0) parts.push('-o', sizeArgument(offset))
  if (write) parts.push('-w', `--pattern=${write.pattern}`)
  if (write && flushInterval > 0) parts.push(`--flush-interval=${flushInterval}`)
  return [...parts, quote(request.path)].join(' ')
}

function amendCommand(request: AmendRequest): string | undefined {
  const { backing, size, ...options } = request.changes
  // What a backing file is called is changed by `rebase`, and keys need passphrases.
  if (backing !== undefined || 'keys' in options) return undefined
  const pairs: string[] = []
  if (options.compat !== undefined) pairs.push(`compat=${options.compat}`)
  if (options.lazyRefcounts !== undefined) pairs.push(`lazy_refcounts=${onOff(options.lazyRefcounts)}`)
  if (options.refcountBits !== undefined) pairs.push(`refcount_bits=${options.refcountBits}`)
  if (options.dataFile !== undefined) pairs.push(`data_file=${options.dataFile.replaceAll(',', ',,')}`)
  if (options.dataFileRaw !== undefined) pairs.push(`data_file_raw=${onOff(options.dataFileRaw)}`)
  if (size !== undefined) pairs.push(`size=${sizeArgument(size)}`)
  const shrink = request.shrink ? ['--shrink'] : []
  return ['strata', 'amend', '-p', ...formatOf(request), ...shrink, '-o', quote(pairs.join(',')), quote(request.path)].join(' ')
}

function snapshotLine({ path, action }: SnapshotRequest, forced: boolean): string | undefined {
  const words = snapshotWords(action)
  const force = forced && action.do === 'apply' ? ['--force'] : []
  return words && ['strata', 'snapshot', ...words, ...force, quote(path)].join(' ')
}

function snapshotWords(action: SnapshotAction): string[] | undefined {
  switch (action.do) {
    case 'create':
      return ['-c', quote(action.name)]
    case 'apply':
      return ['-a', quote(action.snapshot)]
    case 'rename':
      return ['--rename', quote(action.snapshot), '--to', quote(action.name)]
    case 'delete':
      // The terminal deletes by name, and an order says the number.
      return undefined
  }
}

function bitmapCommand(request: BitmapRequest): string | undefined {
  const sources = request.actions.flatMap((action) => (action.do === 'merge' && action.from ? [action.from] : []))
  const merges = request.actions.filter(({ do: what }) => what === 'merge').length
  const grains = request.actions.flatMap((action) => (action.do === 'add' && action.granularity !== undefined ? [action.granularity] : []))
  // One line has one other image, and one granularity.
  if (new Set(sources.map(({ path }) => path)).size > 1 || (sources.length > 0 && sources.length !== merges) || new Set(grains).size > 1)
    return undefined
  const parts = ['strata', 'bitmap', ...formatOf(request)]
  for (const action of request.actions) parts.push(action.do === 'merge' ? `--merge=${quote(action.source)}` : `--${action.do}`)
  if (grains[0] !== undefined) parts.push('-g', sizeArgument(grains[0]))
  if (sources[0]) parts.push('-b', quote(sources[0].path), ...(sources[0].format ? ['-F', sources[0].format] : []))
  return [...parts, quote(request.path), quote(request.name)].join(' ')
}

function commitCommand(request: CommitRequest, forced: boolean): string {
  const { base, keep, rate, changeSnapshots } = request
  const parts = ['strata', 'commit', '-p', ...formatOf(request)]
  // A base that is named keeps the overlay as it is, unless it is the one directly below: the job's order always names it.
  if (keep) parts.push('-d')
  if (keep && base !== undefined) parts.push('-b', quote(base))
  if (rate !== undefined) parts.push('-r', sizeArgument(rate))
  if (forced || changeSnapshots) parts.push('--force')
  return [...parts, quote(request.path)].join(' ')
}

function rebaseCommand(request: RebaseRequest, forced: boolean): string {
  const { backing, mode, compress, changeSnapshots } = request
  const parts = ['strata', 'rebase', '-p', ...formatOf(request)]
  if (mode === 'unsafe') parts.push('-u')
  if (compress) parts.push('-c')
  if (forced || changeSnapshots) parts.push('--force')
  parts.push('-b', backing ? quote(backing.name) : "''")
  if (backing?.format !== undefined) parts.push('-F', quote(backing.format))
  return [...parts, quote(request.path)].join(' ')
}

function formatOf({ format }: { format?: string }): string[] {
  return format === undefined ? [] : ['-f', format]
}

function snapshotOf({ snapshot }: SourceImage): string[] {
  return snapshot === undefined ? [] : ['-l', quote(`snapshot.id=${snapshot}`)]
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}
