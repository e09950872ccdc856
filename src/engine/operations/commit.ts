import type { CommitRequest, CommitResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { Throttle } from '../base/throttle.ts'
import { describeLayer } from '../device/chain.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { assertSnapshotsKept } from './assert-snapshots-kept.ts'
import { assertUnlocked } from './assert-unlocked.ts'
import { copyDown } from './copy-down.ts'

/**
 * Moves what an overlay holds, and the layers between, into a layer below it. Everything that could refuse it is asked before anything is written; at
 * every step, and after a power cut, the overlay reads the same: it is emptied only when the lower layer has all of it on stable storage.
 */
export function commit(
  platform: Platform,
  { path, format, base, keep = false, rate = 0, changeSnapshots = false }: CommitRequest,
  { gate, job, secrets }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): CommitResult {
  const writableBelow = (real: string, depth: number): boolean => (base === undefined ? depth === 1 : real === realPath(platform, base))
  const disk = openDisk(platform, path, { gate, secrets, format, writable: !keep, writableBelow })
  let copied: number
  let target: Disk
  try {
    target = writableLayer(disk, base)
    const emptied = !keep && target === disk.below
    assertUnlocked(platform, disk, secrets, target)
    if (!changeSnapshots) assertSnapshotsKept(platform, path, { gate, secrets, format })
    if (emptied && !disk.driver.writer?.empty)
      throw new StrataError('UNSUPPORTED', 'The image can’t be emptied', { path }, 'Let it keep what it holds.')
    if (target.size < disk.size) target.grow(disk.size, 'off', job)
    copied = copyDown(disk, target, new Throttle(job, rate), job)
    target.flush()
    if (emptied) disk.driver.writer?.empty?.(job)
  } finally {
    disk.close()
  }
  return { info: describeLayer(platform, target.path, { gate, format: target.format }), copied }
}

/** The canonical path, undefined where nothing can be: no folder. */
function realPath({ files }: Platform, path: string): string | undefined {
  try {
    return files.canonical(path)
  } catch (error) {
    if (error instanceof StrataError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** The lower layer that was opened for writing. */
function writableLayer(disk: Disk, base: string | undefined): Disk {
  for (let { below } = disk; below; { below } = below) if (below.driver.writer) return below
  if (base === undefined)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Image does not have a backing file',
      { path: disk.path, field: 'backing file' },
      'Only an overlay can be committed.',
    )
  throw new StrataError('NOT_FOUND', `Did not find '${base}' in the backing chain of '${disk.path}'`, { path: disk.path, field: 'base' })
}
