import type { ChainInfo, DiskInfo } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import type { FormatDriver } from '../formats/driver.ts'
import { type GateRule, MAX_CHAIN_DEPTH, passGate } from '../io/gate.ts'
import { backingPath, openLayer, type OpenOptions } from './open.ts'
import type { Platform } from './platform.ts'

/** One image as its header and the file system describe it. */
export function describeLayer(platform: Platform, path: string, options: OpenOptions): DiskInfo {
  const driver = openLayer(platform, path, { ...options, writable: false })
  try {
    return describeOpen(platform, path, driver)
  } finally {
    driver.close()
  }
}

/** The same of an image that is open; its facts in the file system are those of the last flush. */
export function describeOpen(platform: Platform, path: string, driver: FormatDriver): DiskInfo {
  const facts = platform.files.facts(path)
  const info: DiskInfo = { path, ...driver.describe(), actualSize: facts?.allocated ?? 0, modified: facts?.modified ?? 0 }
  if (driver.backing) {
    info.backingName = driver.backing.name
    if (driver.backing.format !== undefined) info.backingFormat = driver.backing.format
    try {
      info.backingPath = backingPath(platform, path, driver.backing.name)
    } catch (error) {
      if (!(error instanceof StrataError)) throw error // a name that leads nowhere is told by who follows it
    }
  }
  return info
}

/**
 * An image and all layers below it, top first. The top must open; where a lower layer does not, the list ends and `broken` says why.
 */
export function describeChain(platform: Platform, path: string, options: { gate: GateRule; format?: string }): ChainInfo {
  const layers = [describeLayer(platform, path, options)]
  const seen = [platform.files.canonical(path)]
  for (;;) {
    const above = layers.at(-1)!
    if (above.backingName === undefined) return { layers }
    try {
      const lower = backingPath(platform, above.path, above.backingName)
      passGate(options.gate, platform.files, lower, above.path)
      const real = platform.files.canonical(lower)
      if (seen.includes(real) || seen.length >= MAX_CHAIN_DEPTH)
        throw new StrataError(
          'CHAIN',
          'The backing chain loops',
          { path: above.path, field: 'backing file' },
          'Correct the backing file name.',
        )
      seen.push(real)
      const { backingFormat: format } = above
      layers.push(describeLayer(platform, lower, format === undefined ? { gate: options.gate } : { gate: options.gate, format }))
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      const { code, message, hint } = error
      const broken = { path: above.backingPath ?? above.backingName, code, message }
      return { layers, broken: hint === undefined ? broken : { ...broken, hint } }
    }
  }
}
