import type { Qcow2Options } from '../../../shared/model.ts'
import type { ConvertRequest, CreateRequest, ResizeRequest } from '../../../shared/requests.ts'
import { sizeArgument } from './sizes.ts'

/** The `strata create` line that does what the request does. */
export function createCommand(request: CreateRequest): string {
  const parts = ['strata', 'create', '-f', request.format, ...optionArguments(request.qcow2)]
  if (request.backing) {
    parts.push('-b', quote(request.backing.name))
    if (request.backing.format !== undefined) parts.push('-F', request.backing.format)
  }
  parts.push(quote(request.path))
  if (request.size !== undefined) parts.push(sizeArgument(request.size))
  return parts.join(' ')
}

/** The `strata convert` line that does what the request does. */
export function convertCommand(request: ConvertRequest): string {
  const { source, target } = request
  const parts = ['strata', 'convert', '-p']
  if (source.format) parts.push('-f', source.format)
  parts.push('-O', target.format)
  if (target.compress) parts.push('-c')
  parts.push(...optionArguments(target.qcow2), quote(source.path), quote(target.path))
  return parts.join(' ')
}

/** The `strata resize` line that does what the request does. */
export function resizeCommand(request: ResizeRequest): string {
  const parts = ['strata', 'resize']
  if (request.format) parts.push('-f', request.format)
  if (request.preallocation && request.preallocation !== 'off') parts.push(`--preallocation=${request.preallocation}`)
  parts.push(quote(request.path), sizeArgument(request.size))
  return parts.join(' ')
}

function optionArguments(options: Qcow2Options | undefined): string[] {
  const pairs: string[] = []
  if (options?.clusterSize !== undefined) pairs.push(`cluster_size=${sizeArgument(options.clusterSize)}`)
  if (options?.compat !== undefined) pairs.push(`compat=${options.compat}`)
  if (options?.refcountBits !== undefined) pairs.push(`refcount_bits=${options.refcountBits}`)
  if (options?.preallocation !== undefined && options.preallocation !== 'off') pairs.push(`preallocation=${options.preallocation}`)
  return pairs.length === 0 ? [] : ['-o', pairs.join(',')]
}

/** Quotes an argument for a POSIX shell where it needs it; a Windows path gets double quotes. */
function quote(argument: string): string {
  if (/^[A-Za-z0-9_./:@%+=,~-]+$/.test(argument)) return argument
  if (/^[A-Za-z]:\\/.test(argument)) return `"${argument}"`
  return `'${argument.replaceAll("'", `'\\''`)}'`
}
