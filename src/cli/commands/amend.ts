import { StrataError } from '../../shared/errors.ts'
import type { DiskInfo, FormatName } from '../../shared/model.ts'
import type { AmendChanges } from '../../shared/requests.ts'
import { assertCacheMode, FORMAT, QUIET } from '../common-options.ts'
import { creationOptionKind, readOptionValue } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless } from '../impact.ts'
import { inspect, knownFormat } from '../inspect.ts'
import { KEY_OPTIONS, keyChangeOf } from '../key-options.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { systemWords } from '../open-failure.ts'
import { asksForHelp, parseOptionLists } from '../option-list.ts'
import { programName } from '../program-name.ts'
import { progressDisplay } from '../progress.ts'
import { runJob } from '../run-job.ts'
import type { Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'

/** The options that can change, and what they are. */
const AMENDABLE: Record<string, string> = {
  ...KEY_OPTIONS,
  compat: 'Version: 0.10 (v2) or 1.1 (v3)',
  data_file: 'Another name of the data file',
  data_file_raw: 'off: the data file need not stay a valid raw disk',
  lazy_refcounts: 'Postpone reference counts',
  refcount_bits: 'Width of a reference count: 1 to 64',
  size: 'Size of the disk',
}
/** Those that qemu-img has, too. */
const BACKING = ['backing_file', 'backing_fmt']

/** `strata amend`: other options in the same file. */
export const amend = verb({
  summary: 'change options of an image in place',
  operands: 'FILE',
  examples: [{ line: 'amend -o compat=1.1,lazy_refcounts=on disk.qcow2', does: 'turn an old image into a new one' }],
  options: {
    format: FORMAT,
    changes: { short: 'o', value: 'NAME=VALUE,...', help: 'the new values; -o help lists what can change' },
    progress: { short: 'p', help: 'show how far the work is' },
    quiet: QUIET,
    cache: { short: 't', value: 'CACHE', help: 'accepted: the image is written through the system cache and flushed' },
    force: { long: 'force', help: 'also overwrite a passphrase, or remove the last one; make smaller what images stand on' },
    shrink: { long: 'shrink', help: 'with -o size: the new size may be smaller; what lies behind it is lost' },
    ...IMAGE,
  },
  async run(args, terminal) {
    const lists = args.all('changes')
    const settings = parseOptionLists(lists)
    if (lists.length === 0) throw usageFailure('Must specify options (-o)')
    const help = asksForHelp(lists)
    const stated = knownFormat(args.last('format'))
    const [operand, extra] = args.operands
    if (help && stated && operand === undefined) return sayHelp(stated, terminal)
    if (operand === undefined || extra !== undefined) throw new Failure('Expecting one image file name')
    assertCacheMode(args.last('cache'), 'cache')

    const image = namedImage(args, operand)
    const { path } = image
    const [top] = inspect(path, image.format, operand).layers
    if (!top) throw new Failure(`Could not open '${path}'`)
    if (help) return sayHelp(top.format, terminal)
    if (top.format !== 'qcow2') throw notAmendable(top.format)
    const changes = readChanges(settings, top)
    const keys = keyChangeOf(new Map(settings), args.has('force'))
    if (keys) changes.keys = keys
    const shrinks = changes.size !== undefined && changes.size < top.virtualSize
    if (shrinks && !args.has('shrink')) throw new Failure('Use the --shrink option to perform a shrink operation.')
    if (shrinks && !args.has('force')) assertHarmless(path, { but: [], doing: 'Shrinking this image' })

    const progress = progressDisplay(args, terminal)
    progress.begin()
    const request = { path, format: top.format, changes, shrink: args.has('shrink') }
    try {
      await runJob(terminal, { kind: 'amend', request }, progress.show, secretsByPath(image))
    } catch (error) {
      if (error instanceof StrataError) throw new Failure(systemWords(error.toDto()), { hint: error.hint })
      throw error
    }
    progress.end()
    return EXIT.ok
  },
})

function notAmendable(format: FormatName): Failure {
  return new Failure(`Format driver '${format}' does not support option amendment`)
}

function sayHelp(format: FormatName, terminal: Terminal): number {
  if (format !== 'qcow2') throw notAmendable(format)
  terminal.out(
    `Amend options for 'qcow2':\n${Object.entries(AMENDABLE)
      .map(([name, help]) => `  ${name.padEnd(22)} - ${help}\n`)
      .join('')}`,
  )
  return EXIT.ok
}

/** What the settings ask for. Throws for what cannot change, in qemu-img's words. */
function readChanges(settings: readonly [name: string, value: string][], top: DiskInfo): AmendChanges {
  const values = new Map(settings.map(([name, value]) => [name, readValue(name, value)]))
  const changes: AmendChanges = {}
  const compat = values.get('compat')
  if (compat !== undefined) changes.compat = compatOf(compat.toString())
  if (BACKING.some((name) => values.has(name)))
    if (values.get('backing_file') !== top.backingName || values.get('backing_fmt') !== top.backingFormat)
      throw new Failure(`Cannot amend the backing file\nYou can use '${programName()} rebase' instead.`)
  const lazy = values.get('lazy_refcounts')
  if (lazy !== undefined) changes.lazyRefcounts = lazy === 'on'
  const refcountBits = values.get('refcount_bits')
  if (refcountBits !== undefined) changes.refcountBits = Number(refcountBits)
  const dataFile = values.get('data_file')
  if (dataFile !== undefined) changes.dataFile = dataFile.toString()
  const dataFileRaw = values.get('data_file_raw')
  if (dataFileRaw !== undefined) changes.dataFileRaw = dataFileRaw === 'on'
  const size = values.get('size')
  if (size !== undefined && size !== 0n) changes.size = sizeOf(BigInt(size))
  return changes
}

function readValue(name: string, value: string): bigint | string {
  if (Object.hasOwn(KEY_OPTIONS, name)) return value
  const kind = creationOptionKind('qcow2', name)
  if (kind !== undefined && (Object.hasOwn(AMENDABLE, name) || BACKING.includes(name))) return readOptionValue(kind, name, value)
  const creation = kind !== undefined && name !== 'nocow'
  throw new Failure(`Invalid parameter '${name}'${creation ? '\nThis option is only supported for image creation' : ''}`)
}

function compatOf(value: string): '0.10' | '1.1' {
  if (value === '0.10' || value === 'v2') return '0.10'
  if (value === '1.1' || value === 'v3') return '1.1'
  throw new Failure(`Unknown compatibility level ${value}`)
}

function sizeOf(bytes: bigint): number {
  if (bytes % 512n !== 0n) throw new Failure('The new size must be a multiple of 512')
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new Failure('The image size is too large')
  return Number(bytes)
}
