import type { FindParentRequest, FindParentResult } from '../../shared/requests.ts'
import { describeChain } from '../device/chain.ts'
import type { OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { ChainLinks } from './chain-links.ts'
import { nearbyFiles } from './nearby-files.ts'

type Candidate = FindParentResult['candidates'][number]

/**
 * Where the first missing backing file of a chain may be now. An image that fits is one of the stated format, no larger than the layer above it and not standing on it; raw
 * disks, which can be anything, must have the old name. The best comes first: the old name, then the size that is nearest.
 */
export function findParent(
  platform: Platform,
  { path, format, folders }: FindParentRequest,
  { gate }: Pick<OpenOptions, 'gate'>,
): FindParentResult {
  const { files } = platform
  const { layers, broken } = describeChain(platform, path, { gate, ...(format && { format }) })
  const above = layers.at(-1)
  if (!broken || above?.backingName === undefined) return { candidates: [] }
  const real = files.canonical(above.path)
  const relative = isRelative(platform, above.backingName, real)
  const places = folders ?? [real, above.backingPath ?? real].map((file) => files.resolve(file, '.'))
  const links = new ChainLinks(platform, gate)
  const oldName = baseName(above.backingName)
  const candidates = nearbyFiles(platform, places, gate).files.flatMap((file): Candidate[] => {
    const { info, fault } = links.of(file)
    const sameName = baseName(file) === oldName
    // One whose own parent moved with it will do.
    if ((fault !== undefined && !info) || standsOn(links, file, real, above.backingPath)) return []
    if ((info?.format ?? 'raw') !== (above.backingFormat ?? info?.format)) return []
    const virtualSize = info?.virtualSize ?? files.facts(file)?.size ?? 0
    if (!sameName && (!info || virtualSize > above.virtualSize)) return []
    return [{ path: file, name: relative ? files.nameFrom(real, file) : file, format: info?.format ?? 'raw', virtualSize, sameName }]
  })
  const distance = (one: Candidate): number => Math.abs(above.virtualSize - one.virtualSize)
  candidates.sort((a, b) => Number(b.sameName) - Number(a.sameName) || distance(a) - distance(b) || (a.path < b.path ? -1 : 1))
  return { broken: { path: above.path, backingName: above.backingName, reason: broken.message }, candidates }
}

/** Whether a file stands on the overlay itself, or beside it on the one that is `lost`: such a one can't be what the overlay stood on. */
function standsOn(links: ChainLinks, file: string, real: string, lost: string | undefined): boolean {
  for (const { path, link } of links.down(file)) if (path === real || (lost !== undefined && link.info?.backingPath === lost)) return true
  return false
}

/** Whether a name leads elsewhere from another folder. */
function isRelative({ files }: Platform, name: string, from: string): boolean {
  const plain = name.replace(/^file:/, '')
  return files.resolve(from, plain) !== files.resolve(files.resolve(from, '../..'), plain)
}

/** The last part of a name, whichever system wrote it. */
function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
}
