import { StrataError } from '../../shared/errors.ts'
import type { MeasureRequest, MeasureResult } from '../../shared/requests.ts'
import { bytesOf } from '../base/bytes.ts'
import { alignDown, alignUp, ceilDiv } from '../base/ints.ts'
import type { Job } from '../base/job.ts'
import { BlockStatuses } from '../device/block-status.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { Sizing } from '../formats/driver.ts'
import { type CreateOptions, DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'
import { expectedSize } from './estimate.ts'
import { usageOf } from './usage.ts'

/** How much more than the file will have may be told. */
const EXCESS = 1.02
/** Disks are whole sectors of so many bytes. */
const SECTOR = 512
/** Bytes of a bitmap's row in the directory, before its name. */
const BITMAP_ROW = 24

/**
 * What a new image will take, before it is made. QEMU foretells it from the map alone; where that is not within 2% above what conversion makes, which
 * leaves zeros out and makes only the tables it needs, the exact length is told.
 */
export function measure(
  platform: Platform,
  { source, target }: MeasureRequest,
  { gate, secrets, job }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): MeasureResult {
  const format = formatNamed(target.format)
  const options = { ...DEFAULT_OPTIONS, ...target.qcow2 }
  const sizingOf = (size: number): Sizing => {
    format.assertCreatable(size, options, target.backed ?? false)
    if (target.compress && !format.codecName?.(options))
      throw new StrataError('UNSUPPORTED', 'Compression not supported for this file format', { field: 'compress' }, 'Choose qcow2.')
    return format.sizing(size, options)
  }
  if ('size' in source) {
    // There is nothing yet that conversion could leave out: QEMU's allowance for tables stands, where it is enough.
    const sizing = sizingOf(alignUp(source.size, SECTOR))
    const required = Math.max(sizing.fileSize(0, 0), sizing.foretold(0))
    return resultOf(sizing, required, required)
  }
  const { path, format: stated, secret, snapshot } = source
  const disk = openDisk(platform, path, { gate, secrets, format: stated, secret, snapshot })
  try {
    const sizing = sizingOf(disk.size)
    const bitmaps = target.format === 'qcow2' ? bitmapBytes(disk, options) : undefined
    const more = {
      ...(bitmaps !== undefined && { bitmaps }),
      ...(target.compress && { estimate: expectedSize(platform, disk, { ...target, options }) }),
    }
    if (target.backed) return { ...resultOf(sizing, sizing.full, sizing.full), ...more }
    if (!sizing.maps) return { ...resultOf(sizing, sizing.fileSize(0, 0), sizing.foretold(disk.size)), ...more }
    const { units, reaches, tail } = usageOf(disk, sizing.maps, job)
    const foretold = sizing.foretold(dataTold(disk, platform, sizing.maps.unit))
    return { ...resultOf(sizing, sizing.fileSize(units, reaches, tail), foretold), ...more }
  } finally {
    disk.close()
  }
}

function resultOf({ full, dataFile }: Sizing, exact: number, foretold: number): MeasureResult {
  const required = exact <= foretold && foretold <= exact * EXCESS ? foretold : exact
  return { required, fullyAllocated: Math.max(full, required), ...(dataFile !== undefined && { dataFile }) }
}

/** Guest bytes in units that the map calls data. */
function dataTold(disk: Disk, platform: Platform, unit: number): number {
  const statuses = new BlockStatuses(disk, platform)
  let bytes = 0
  for (let at = 0; at < disk.size;) {
    const { length, zero } = statuses.at(at, disk.size - at)
    const end = zero ? at + length : alignUp(at + length, unit)
    if (!zero) bytes += end - alignDown(at, unit)
    at = end
  }
  return bytes
}

/** Room for the bitmaps of the source's top layer, each as if all of it were marked; undefined where source or target can hold none. */
function bitmapBytes(disk: Disk, { compat, clusterSize }: CreateOptions): number | undefined {
  const { qcow2 } = disk.driver.describe()
  if (qcow2?.compat !== '1.1' || compat !== '1.1') return undefined
  const kept = (qcow2.bitmaps ?? []).filter(({ flags }) => !flags.includes('in-use'))
  let bytes = 0
  let directory = 0
  for (const { name, granularity } of kept) {
    const clusters = ceilDiv(ceilDiv(ceilDiv(disk.size, granularity), 8), clusterSize)
    bytes += clusters * clusterSize + alignUp(clusters * 8, clusterSize)
    directory += alignUp(BITMAP_ROW + bytesOf(name).length, 8)
  }
  return bytes + alignUp(directory, clusterSize)
}
