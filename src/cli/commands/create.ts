import { basename, isAbsolute } from 'node:path'
import { StrataError } from '../../shared/errors.ts'
import type { CreateRequest } from '../../shared/requests.ts'
import { passphraseNamed } from '../../shared/secrets.ts'
import { CREATION, QUIET } from '../common-options.ts'
import { CreationOptions, creationHelp } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { chainOf, knownFormat } from '../inspect.ts'
import { makeFailure } from '../make-failure.ts'
import { brokenLayer, openReason } from '../open-failure.ts'
import { IMAGE } from '../named-image.ts'
import { asksForHelp, parseOptionLists } from '../option-list.ts'
import { programName } from '../program-name.ts'
import { runJob } from '../run-job.ts'
import { readSecrets } from '../secrets.ts'
import { MAX_SIZE, parseSize } from '../sizes.ts'
import type { Parsed } from '../args.ts'
import { verb } from '../verb.ts'

const OPTIONS = {
  format: { short: 'f', value: 'FMT', help: 'format of the new image: raw (the default) or qcow2' },
  creation: CREATION,
  backing: { short: 'b', value: 'FILE', help: 'the image below: the new one holds only what differs from it' },
  backingFormat: { short: 'F', value: 'FMT', help: 'format of the image below' },
  unchecked: { short: 'u', help: 'with -b: do not look at the image below, which need not be there' },
  quiet: QUIET,
  object: IMAGE.object,
} as const

const AES_WARNING = 'warning: encryption format aes is weak and only for old QEMUs. Use encrypt.format=luks for what must stay secret.\n'

/** `strata create`: an empty disk, or one on top of another. What was there under that name is replaced. */
export const create = verb({
  summary: 'make an empty image',
  operands: 'FILE [SIZE]',
  description: [
    'A new image takes no more room than it needs, unless preallocation says so. What was there under that name is replaced.',
    'With -b it is an overlay: it holds only what is written to it, and reads everything else from the image below, which must stay as it is.',
  ],
  examples: [
    { line: 'create -f qcow2 disk.qcow2 20G', does: 'make an empty disk of 20 GiB' },
    { line: 'create -f qcow2 -b base.qcow2 -F qcow2 overlay.qcow2', does: 'make an overlay on a base image' },
  ],
  options: OPTIONS,
  async run(args, terminal) {
    const [path, sizeText, extra] = args.operands
    const settings = parseOptionLists(args.all('creation'))
    const formatName = args.last('format') ?? 'raw'
    const format = knownFormat(formatName)
    if (asksForHelp(args.all('creation')) && format) {
      terminal.out(creationHelp(format))
      return EXIT.ok
    }
    if (path === undefined) throw usageFailure('Expecting image file name')
    if (extra !== undefined) throw usageFailure(`Unexpected argument: ${extra}`)
    const size = sizeText === undefined ? undefined : sizeOperand(sizeText)
    if (!format) throw new Failure(`${path}: Unknown file format '${formatName}'`)

    const options = saying(path, () => readOptions(new CreationOptions(format, settings), args, size))
    const lower = saying(path, () => openLower(path, options, args.has('unchecked')))
    if (options.size === undefined && lower?.size !== undefined) options.setSize(BigInt(lower.size))
    const bytes = options.size
    if (bytes === undefined || bytes > MAX_SIZE) throw new Failure(`${path}: Image creation needs a size parameter`)

    const secrets = readSecrets(args.all('object'))
    if (!args.has('quiet')) terminal.out(`Formatting '${path}', ${options.describe()}\n`)
    const qcow2 = saying(path, () => {
      if (options.text('backing_fmt') !== undefined && !lower) throw new Failure('Backing format cannot be used without backing file')
      if (lower && !knownFormat(lower.format)) throw new Failure(`Parameter 'backing-fmt' does not accept value '${lower.format}'`)
      const request = options.toRequest()
      const secret = request.encrypt?.secret
      if (secret !== undefined && !passphraseNamed(secrets, secret)) throw new Failure(`No secret with id '${secret}'`)
      return request
    })
    const request: CreateRequest = { path, format, qcow2, size: wholeSectors(path, bytes, format), overwrite: true }
    if (qcow2.encrypt?.format === 'aes') terminal.err(`${programName()}: ${AES_WARNING}`)
    if (lower) request.backing = { name: lower.name, format: lower.format, ...(lower.size === undefined && { unopened: true }) }
    try {
      await runJob(terminal, { kind: 'create', request }, undefined, secrets)
    } catch (error) {
      throw makeFailure(path, path, error)
    }
    return EXIT.ok
  },
})

function readOptions(options: CreationOptions, args: Parsed<keyof typeof OPTIONS>, size: bigint | undefined): CreationOptions {
  const named = { backing_file: args.last('backing'), backing_fmt: args.last('backingFormat') }
  for (const [name, value] of Object.entries(named)) {
    if (value === undefined) continue
    if (!options.has(name)) throw new Failure(`Backing file not supported for file format '${options.format}'`)
    options.set(name, value)
  }
  if (size !== undefined && options.size !== undefined) throw new Failure('The image size must be specified only once')
  if (size !== undefined) options.setSize(size)
  return options
}

/**
 * Opens the image below once, unless it is not to be looked at, to know what it is and how large; everything that qemu-img would say about it
 * is said here.
 */
function openLower(
  path: string,
  options: CreationOptions,
  unchecked: boolean,
): { name: string; format: string; size?: number } | undefined {
  const name = options.text('backing_file')
  if (name === undefined) return undefined
  if (name === '') throw new Failure('Expected backing file name, got empty string')
  if (name === path) throw new Failure('Error: Trying to create an image with the same filename as the backing file')
  const stated = options.text('backing_fmt')
  const format = knownFormat(stated)
  if (unchecked && stated === undefined) throw new Failure('Backing file specified without backing format')
  if (unchecked && stated !== undefined) return { name, format: stated }
  if (stated !== undefined && !format) throw new Failure(`Unknown driver '${stated}'\nCould not open backing image.`)
  const file = besides(path, name)
  const unopened = (reason: string, hint: string | undefined) => new Failure(`${reason}\nCould not open backing image.`, { hint })
  try {
    const { layers, broken } = chainOf(file, format)
    if (broken) throw unopened(openReason(file, brokenLayer(broken)), broken.hint)
    const [top] = layers
    if (!top) return undefined
    if (stated === undefined) throw new Failure(`Backing file specified without backing format\nDetected format of ${top.format}.`)
    return { name, format: top.format, size: top.virtualSize }
  } catch (error) {
    if (error instanceof StrataError) throw unopened(openReason(file, error.toDto()), error.hint)
    throw error
  }
}

/** A name as seen from the folder of the image that names it. Joined as text, so that `..` behind a link is where the system finds it. */
function besides(path: string, name: string): string {
  return isAbsolute(name) ? name : path.slice(0, path.length - basename(path).length) + name
}

function sizeOperand(text: string): bigint {
  const size = parseSize(text)
  if (size === 'range' || (size !== 'invalid' && size > MAX_SIZE))
    throw new Failure(`Invalid image size specified. Must be between 0 and ${MAX_SIZE}.`)
  if (size === 'invalid')
    throw new Failure(
      'Invalid image size specified. You may use k, M, G, T, P or E suffixes for\n' +
        `${programName()}: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
    )
  return size
}

/** Disks are measured in sectors of 512 bytes. */
function wholeSectors(path: string, bytes: bigint, format: string): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new Failure(`${path}: The image size is too large for file format '${format}'`)
  return Number(((bytes + 511n) / 512n) * 512n)
}

/** Runs what can fail, and says first of which image it speaks. */
function saying<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof Failure ? new Failure(`${path}: ${error.message}`, error) : error
  }
}
