import type { RebaseRequest, RebaseResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import type { Disk } from '../device/disk.ts'
import { backingPath, fileIdentities, layerFiles, openDisk, openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { AmendFacet, FormatDriver } from '../formats/driver.ts'
import { identityOf } from '../io/file-system.ts'
import { passGate } from '../io/gate.ts'
import { assertSnapshotsKept } from './assert-snapshots-kept.ts'
import { assertUnlocked } from './assert-unlocked.ts'
import { copyDiffering } from './copy-differing.ts'

/**
 * Puts an overlay on another backing file, or on none. Safe, what the disk would read otherwise is copied into it first, and the new name is published when
 * all of that is on stable storage: at every step, and after a power cut, it reads the same.
 */
export function rebase(
  platform: Platform,
  request: RebaseRequest,
  context: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): RebaseResult {
  const copied = request.mode === 'unsafe' ? rename(platform, request, context) : move(platform, request, context)
  const { path, format } = request
  return { info: describeLayer(platform, path, { gate: context.gate, format }), copied }
}

type Context = Parameters<typeof rebase>[2]

/** Only the name, which need not lead anywhere. */
function rename(platform: Platform, { path, format, backing }: RebaseRequest, { gate, secrets, job }: Context): 0 {
  const driver = openLayer(platform, path, { gate, secrets, format, writable: true })
  try {
    facetOf(driver, path, backing).amend({ backing }, job)
    return 0
  } finally {
    driver.close()
  }
}

function move(
  platform: Platform,
  { path, format, backing, compress = false, changeSnapshots = false }: RebaseRequest,
  { gate, secrets, job }: Context,
): number {
  const disk = openDisk(platform, path, { gate, secrets, format, writable: true })
  let next: Disk | undefined
  try {
    const facet = facetOf(disk.driver, path, backing)
    if (compress && !disk.driver.packGrain)
      throw new StrataError('UNSUPPORTED', 'This image can’t hold compressed clusters', { path, field: 'compress' })
    assertUnlocked(platform, disk, secrets)
    if (backing) {
      const above = [identityOf(platform.files, path)]
      const place = backingPath(platform, path, backing.name)
      passGate(gate, platform.files, place, path)
      next = openDisk(platform, place, { gate, secrets, format: backing.format, above })
      assertUnlocked(platform, next, secrets)
      assertApart(platform, disk, next)
    }
    if (!changeSnapshots && (disk.below ?? next)) assertSnapshotsKept(platform, path, { gate, secrets, format })
    const named = backing && { name: backing.name, format: backing.format ?? next!.format }
    facet.assertAmendable({ backing: named }) // with a format that was found out, too
    const copied = copyDiffering(disk, { next, same: sameImage(platform), compress }, job)
    disk.flush()
    facet.amend({ backing: named }, job)
    return copied
  } finally {
    next?.close()
    disk.close()
  }
}

/** Throws what would make the new name refuse. */
function facetOf({ amend, format }: FormatDriver, path: string, backing: RebaseRequest['backing']): AmendFacet {
  if (!amend)
    throw new StrataError(
      'UNSUPPORTED',
      `A ${format} image can have no backing file`,
      { path, field: 'format' },
      'Put a qcow2 overlay on it.',
    )
  amend.assertAmendable({ backing })
  return amend
}

/** Throws `CHAIN` where the new chain reads from the file that the disk's bytes are written to. */
function assertApart(platform: Platform, disk: Disk, next: Disk): void {
  const { dataFile } = layerFiles(platform, disk)
  for (let layer: Disk | undefined = next; layer; layer = layer.below)
    if (dataFile !== undefined && fileIdentities(platform, layer).includes(identityOf(platform.files, dataFile)))
      throw new StrataError('CHAIN', 'The new backing file stands on the data file of the image', {
        path: disk.path,
        field: 'backing file',
      })
}

/** Whether two layers are one image: then they hold the same. */
function sameImage(platform: Platform): (a: Disk, b: Disk) => boolean {
  const names = new Map<Disk, string>()
  const nameOf = (layer: Disk): string => {
    const name = names.get(layer) ?? `${layer.format} ${platform.files.canonical(layer.path)}`
    names.set(layer, name)
    return name
  }
  return (a, b) => nameOf(a) === nameOf(b)
}
