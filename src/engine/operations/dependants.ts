import type { Dependant, DependantsRequest, DependantsResult } from '../../shared/requests.ts'
import type { OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { ChainLinks } from './chain-links.ts'
import { nearbyFiles } from './nearby-files.ts'

/**
 * The images in some folders whose bytes come from a file, by way of their backing chains or as their data file. The file itself may be gone. Images elsewhere,
 * and those behind a name that the gate does not let pass, are not known.
 */
export function dependants(
  platform: Platform,
  { path, folders }: DependantsRequest,
  { gate }: Pick<OpenOptions, 'gate'>,
): DependantsResult {
  const { files } = platform
  const real = files.canonical(path)
  const places = folders ?? [files.canonical(files.resolve(real, '.'))]
  const nearby = nearbyFiles(platform, places, gate)
  const links = new ChainLinks(platform, gate)
  const found: Dependant[] = []
  const unread: DependantsResult['unread'] = []
  for (const file of nearby.files) {
    if (file === real) continue
    const { info, fault } = links.of(file)
    if (!info) {
      if (fault !== undefined) unread.push({ path: file, message: fault })
      continue
    }
    const chain = chainTo(links, file, real)
    if (!chain) continue
    const broken = faultBelow(platform, links, file)
    found.push({ path: file, chain, virtualSize: info.virtualSize, ...(broken !== undefined && { broken }) })
  }
  found.sort((a, b) => a.chain.length - b.chain.length || (a.path < b.path ? -1 : 1))
  return { folders: places, dependants: found, unread, complete: nearby.complete }
}

/** The files from an image down to `real`; undefined where it does not stand on that. */
function chainTo(links: ChainLinks, file: string, real: string): string[] | undefined {
  const chain: string[] = []
  for (const { path, link } of links.down(file)) {
    chain.push(path)
    if (path === real) return chain
    if (link.backing === real || link.dataFile === real) return [...chain, real]
  }
  return undefined
}

/** Why an image can't be read through its chain. */
function faultBelow(platform: Platform, links: ChainLinks, file: string): string | undefined {
  let last: string | undefined
  for (const { link } of links.down(file)) {
    if (link.fault !== undefined) return link.fault
    if (link.backing !== undefined && !platform.files.facts(link.backing)) return `There is no file ${link.backing}`
    last = link.backing
  }
  return last === undefined ? undefined : 'The backing chain loops'
}
