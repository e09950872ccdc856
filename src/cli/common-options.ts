import type { OptionSpec } from './args.ts'
import { Failure } from './failure.ts'

/** Options of the command itself, before the verb. */
export const GENERAL = {
  version: { short: 'V', long: 'version', help: 'print the version', last: true },
  trace: { short: 'T', long: 'trace', value: 'EVENTS', help: 'accepted with a warning: Strata has no trace events' },
} as const satisfies Record<string, OptionSpec>

/** Options that several verbs have. */
export const FORMAT: OptionSpec = { short: 'f', value: 'FMT', help: 'format of the image: raw or qcow2; found out unless stated' }
export const QUIET: OptionSpec = { short: 'q', long: 'quiet', help: 'print errors only' }
export const OUTPUT: OptionSpec = { long: 'output', value: 'human|json', help: 'how to print the result' }
export const SHARE: OptionSpec = { short: 'U', long: 'force-share', help: 'accepted: reading never needs the image for itself' }
export const SOURCE_CACHE: OptionSpec = { short: 'T', value: 'CACHE', help: 'accepted: reading goes through the system cache' }
export const CREATION: OptionSpec = { short: 'o', value: 'NAME=VALUE,...', help: 'creation options; -o help lists them' }

/** How a result is to be printed. */
export function outputOf(value: string | undefined): 'human' | 'json' {
  if (value === undefined || value === 'human' || value === 'json') return value ?? 'human'
  throw new Failure('--output must be used with human or json as argument.')
}

/** Cache modes that QEMU has. */
export const CACHE_MODES = ['none', 'off', 'writeback', 'writethrough', 'directsync', 'unsafe']

/** Whether QEMU has a cache mode of that name. */
export function cacheModeExists(value: string): boolean {
  return CACHE_MODES.includes(value)
}

/** Throws unless a cache option has a mode that exists. Strata writes through the system's cache and flushes at the end, whatever the mode. */
export function assertCacheMode(value: string | undefined, what: 'cache' | 'source cache'): void {
  if (value !== undefined && !cacheModeExists(value)) throw new Failure(`Invalid ${what} option: ${value}`)
}
