import { Failure } from './failure.ts'
import { programName } from './program-name.ts'
import { sizeArgument } from './size-argument.ts'
import { parseSize } from './sizes.ts'

/** The largest `-S`: qemu-img's copy buffer. */
const MAX_SPARSE = 2n ** 24n

/** `-S`, in bytes. */
export function sparseLength(text: string | undefined): number | undefined {
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

/** `-m`, whose number changes nothing. */
export function assertParallel(text: string | undefined): void {
  if (text !== undefined && !/^\s*\+?0*([1-9]|1[0-6])$/.test(text))
    throw new Failure('Invalid number of coroutines. Allowed number of coroutines is between 1 and 16')
}

/** `-r`, in bytes a second; 0 is no limit. */
export function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return Math.min(Number(sizeArgument('rate limit', text)), Number.MAX_SAFE_INTEGER)
}

/** `--level`, which only packing has. */
export function compressionLevel(text: string | undefined, compress: boolean): { compressionLevel?: number } {
  if (text === undefined) return {}
  if (!compress) throw new Failure('A compression level needs -c')
  if (!/^\d{1,2}$/.test(text)) throw new Failure(`Invalid compression level '${text}'`)
  return { compressionLevel: Number(text) }
}
