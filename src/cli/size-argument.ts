import { Failure } from './failure.ts'
import { programName } from './program-name.ts'
import { MAX_SIZE, parseSize } from './sizes.ts'

/** The value of an option that is a size, in bytes; `what` names it in qemu-img's complaints. */
export function sizeArgument(what: string, value: string, least = 0n, most = MAX_SIZE): bigint {
  const size = parseSize(value)
  if (size === 'invalid')
    throw new Failure(
      `Invalid ${what} specified. You may use k, M, G, T, P or E suffixes for\n` +
        `${programName()}: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
    )
  if (size === 'range' || size < least || size > most) throw new Failure(`Invalid ${what} specified. Must be between ${least} and ${most}.`)
  return size
}
