import { StrataError } from '../../shared/errors.ts'
import type { MapRequest, MapResult, MapRun } from '../../shared/requests.ts'
import { type BlockStatus, BlockStatuses } from '../device/block-status.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'

/** Runs in one answer, unless the request says otherwise. */
const MOST = 10_000

/** Where the bytes of a disk lie, layer by layer, without reading them. What lies past the end of the disk is left out. */
export function map(platform: Platform, request: MapRequest, { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>): MapResult {
  const { path, format, start = 0, length = Infinity, most = MOST, milliseconds = Infinity } = request
  for (const [field, value] of Object.entries({ start, length, most, milliseconds }))
    if (value < (field === 'most' ? 1 : 0) || (!Number.isSafeInteger(value) && value !== Infinity))
      throw new StrataError('INVALID_ARGUMENT', 'A place and a length on a disk are whole numbers', { path, field })
  const disk = openDisk(platform, path, { gate, secrets, format })
  try {
    const statuses = new BlockStatuses(disk, platform)
    const end = Math.min(disk.size, start + length)
    const late = performance.now() + milliseconds
    const runs: MapRun[] = []
    for (let at = start; at < end;) {
      const run = runOf(statuses.at(at, end - at), at)
      const last = runs.at(-1)
      if (last && goesOn(last, run)) last.length += run.length
      else if (runs.length === most) return { runs, next: at }
      else runs.push(run)
      at += run.length
      if (at < end && performance.now() > late) return { runs, next: at }
    }
    return { runs }
  } finally {
    disk.close()
  }
}

function runOf({ length, depth, present, zero, data, packed, place }: BlockStatus, start: number): MapRun {
  return { start, length, depth, present, zero, data, compressed: packed, ...(place && { offset: place.at, path: place.storage.path }) }
}

/** Whether a run is the next part of the one before it. */
function goesOn(before: MapRun, next: MapRun): boolean {
  const alike = (['depth', 'present', 'zero', 'data', 'compressed', 'path'] as const).every((key) => before[key] === next[key])
  return alike && (before.offset === undefined) === (next.offset === undefined) && follows(before, next)
}

function follows({ offset, length }: MapRun, next: MapRun): boolean {
  return offset === undefined || next.offset === offset + length
}
