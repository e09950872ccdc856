import type { ChainInfo, DiskInfo } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import type { FormatDriver } from '../formats/driver.ts'
import type { GateRule } from '../io/gate.ts'
import { backingPath, openLayer, type OpenOptions, walkChain } from './open.ts'
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
  const layers: DiskInfo[] = []
  try {
    for (const layer of walkChain(platform, path, options)) {
      try {
        layers.push(describeOpen(platform, layer.path, layer.driver))
      } finally {
        layer.driver.close()
      }
    }
    return { layers }
  } catch (error) {
    const above = layers.at(-1)
    if (!(error instanceof StrataError) || !above) throw error
    const { code, message, hint } = error
    const broken = { path: above.backingPath ?? above.backingName ?? above.path, code, message }
    return { layers, broken: hint === undefined ? broken : { ...broken, hint } }
  }
}
