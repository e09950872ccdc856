import { StrataError } from '../shared/errors.ts'
import type { DiskInfo, FormatName } from '../shared/model.ts'
import type { ConvertTarget } from '../shared/requests.ts'
import { passphraseNamed } from '../shared/secrets.ts'
import type { Parsed } from './args.ts'
import { CreationOptions } from './creation-options.ts'
import { Failure } from './failure.ts'
import { readImageName } from './image-name.ts'
import { chainOf, knownFormat } from './inspect.ts'
import { brokenLayer, openReason } from './open-failure.ts'
import { compressionLevel } from './convert-numbers.ts'

type TargetArgs = Parsed<'targetFormat' | 'compress' | 'backing' | 'backingFormat' | 'zeroTarget' | 'targetImageOptions' | 'level'>

/** The new image that a command line asks for. */
export function newTarget(args: TargetArgs, path: string, settings: [name: string, value: string][], several: boolean): ConvertTarget {
  const formatName = args.last('targetFormat') ?? 'raw'
  const format = knownFormat(formatName)
  if (!format) throw new Failure(`Unknown file format '${formatName}'`)
  const options = new CreationOptions(format, settings)
  for (const [name, value] of Object.entries({ backing_file: args.last('backing'), backing_fmt: args.last('backingFormat') })) {
    if (value === undefined) continue
    if (!options.has(name))
      throw new Failure(`Backing ${name === 'backing_file' ? 'file' : 'format'} not supported for file format '${format}'`)
    options.set(name, value)
  }
  const backing = backingOf(options, path, several)
  const compress = args.has('compress')
  const level = compressionLevel(args.last('level'), compress)
  if (compress && format === 'raw') throw new Failure('Compression not supported for this file format')
  if (compress && options.encrypts) throw new Failure('Compression and encryption not supported at the same time')
  if (compress && options.preallocates) throw new Failure('Compression and preallocation not supported at the same time')
  const qcow2 = () => {
    if (backing && !knownFormat(backing.format)) throw new Failure(`Parameter 'backing-fmt' does not accept value '${backing.format}'`)
    if (!backing && options.text('backing_fmt') !== undefined) throw new Failure('Backing format cannot be used without backing file')
    return { ...options.toRequest(), ...level }
  }
  return { path, format, qcow2: saying(doingOf(path, format), qcow2), compress, ...(backing && { backing }) }
}

function backingOf(options: CreationOptions, path: string, several: boolean): { name: string; format: string } | undefined {
  const name = options.text('backing_file')
  const format = options.text('backing_fmt')
  if (name === undefined) return undefined
  if (several) throw new Failure('Having a backing file for the target makes no sense when concatenating multiple input images')
  if (format === undefined) throw new Failure('Use of backing file requires explicit backing format')
  if (name === '') throw new Failure(`${path}: Expected backing file name, got empty string`)
  return { name, format }
}

/** The image that is there, and what of the command line says how it is written into. */
export function targetInPlace(
  args: TargetArgs,
  operand: string,
  secrets: Readonly<Record<string, Uint8Array>>,
): { target: ConvertTarget; top: DiskInfo } {
  const asOptions = args.has('targetImageOptions')
  const stated = args.last('targetFormat')
  if (asOptions && stated !== undefined) throw new Failure('--image-opts and --format are mutually exclusive')
  const { path, secret, format } = readImageName(operand, asOptions)
  if (secret !== undefined && !passphraseNamed(secrets, secret))
    throw new Failure(`Could not open '${operand}': No secret with id '${secret}'`)
  const top = saying(`Could not open '${operand}'`, () => opening(path, stated ?? format))
  // qemu-img would take it for raw, and write over its header.
  if (!asOptions && stated === undefined && format === undefined && top.format !== 'raw')
    throw new Failure(`'${operand}' is a ${top.format} image: without -O ${top.format}, raw bytes would be written over it`, {
      hint: `Say -O ${top.format}, or -O raw if that is what you want.`,
    })
  const compress = args.has('compress')
  if (compress && top.format === 'raw') throw new Failure('Compression not supported for this file format')
  const inPlace = args.has('zeroTarget') ? 'zeros' : args.has('backing') ? 'compared' : 'unknown'
  const target: ConvertTarget = { path, format: top.format, compress, inPlace, ...(secret !== undefined && { secret }) }
  const { compressionLevel: level } = compressionLevel(args.last('level'), compress)
  return { target: level === undefined ? target : { ...target, qcow2: { compressionLevel: level } }, top }
}

/** The image at `path`, of which a failure says only why it does not open. */
function opening(path: string, formatName: string | undefined): DiskInfo {
  const format = knownFormat(formatName)
  if (formatName !== undefined && !format) throw new Failure(`Unknown driver '${formatName}'`)
  try {
    const { layers, broken } = chainOf(path, format)
    if (broken) throw new Failure(openReason(path, brokenLayer(broken)), { hint: broken.hint })
    const [top] = layers
    if (!top) throw new Failure('It holds no image')
    return top
  } catch (error) {
    throw error instanceof StrataError ? new Failure(openReason(path, error.toDto()), { hint: error.hint }) : error
  }
}

/** What qemu-img says it was doing when a new image could not be made. */
export function doingOf(path: string, format: FormatName): string {
  return `${path}: error while converting ${format}`
}

function saying<T>(doing: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof Failure ? new Failure(`${doing}: ${error.message}`, error) : error
  }
}
