import type { DiskInfo } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import { isZero } from '../base/bytes.ts'
import { alignUp } from '../base/ints.ts'
import type { Job } from '../base/job.ts'
import { Disk } from '../device/disk.ts'
import { openDisk, openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { CompactFacet, FormatDriver } from '../formats/driver.ts'
import { readPadded } from '../io/storage.ts'

/** Guest bytes read at once, at least. */
const PIECE = 2 * 2 ** 20
/** Guest bytes that are looked at before what was given back is made to last: a crash loses no more of the work. */
const FLUSH_EVERY = 2 ** 30

type Options = Pick<OpenOptions, 'gate' | 'secrets' | 'format'>

/**
 * Gives back what reads as zeros, and what nobody uses. Stopped, what was done stays done, and the next run goes on behind it. Answers with the
 * guest bytes that were zeros.
 */
export function compactInPlace(platform: Platform, info: DiskInfo, options: Options, job: Job): number {
  mendLeaks(platform, info, options, job)
  const disk = open(platform, info, { ...options, writable: true })
  try {
    const { giving } = facetOf(disk)
    if (!giving) throw new StrataError('READ_ONLY', 'The image was opened for reading only', { path: info.path })
    let zeros = 0
    let flushed = 0
    for (const { at, length } of zeroRanges(disk, job)) {
      zeros += giving.giveBack(at, length)
      if (at - flushed < FLUSH_EVERY) continue
      giving.flush()
      flushed = at
    }
    giving.trim(job)
    return zeros
  } finally {
    disk.close()
  }
}

/** What `compactInPlace` would find, in guest bytes, and win, in bytes of the files. */
export function estimateInPlace(platform: Platform, info: DiskInfo, options: Options, job: Job): { zeros: number; gain: number } {
  const disk = open(platform, info, options)
  try {
    // What was not closed cleanly is mended first in earnest: until then, its counts say little.
    if (!info.dirty) assertSound(disk.driver, info.path, job)
    const facet = facetOf(disk)
    let zeros = 0
    let gain = facet.spare(job)
    for (const { at, length } of zeroRanges(disk, job)) {
      zeros += length
      gain += facet.roomOf(at, length)
    }
    return { zeros, gain }
  } finally {
    disk.close()
  }
}

/** The image, with the layers below it only where these have a say in what can be given back. */
function open(platform: Platform, { path, backingName }: DiskInfo, options: Options & { writable?: boolean }): Disk {
  const top = new Disk(path, openLayer(platform, path, options))
  if (backingName === undefined || top.driver.compact?.hides) return top
  top.close()
  return openDisk(platform, path, options)
}

function facetOf({ driver, path }: Disk): CompactFacet {
  if (driver.compact) return driver.compact
  throw new StrataError(
    'UNSUPPORTED',
    `A ${driver.format} image can't be compacted in place`,
    { path, field: 'format' },
    'Rewrite it instead.',
  )
}

/** What nobody uses but is counted is lost room; a crash may have left some. Only a sound image has its clusters given back by their counts. */
function mendLeaks(platform: Platform, { path }: DiskInfo, options: Options, job: Job): void {
  const leaks = withDriver(openLayer(platform, path, { ...options, writable: true }), (driver) => assertSound(driver, path, job))
  if (leaks === 0) return
  withDriver(openLayer(platform, path, { ...options, repair: true, writable: true }), ({ check }) => check?.repair?.('leaks', job))
}

function withDriver<T>(driver: FormatDriver, use: (driver: FormatDriver) => T): T {
  try {
    return use(driver)
  } finally {
    driver.close()
  }
}

/** Throws `CORRUPT` for an image in which a check finds more than leaks; answers with these. */
function assertSound({ check }: FormatDriver, path: string, job: Job): number {
  if (!check) return 0
  const { corruptions, checkErrors, leaks } = check.check(job)
  if (corruptions + checkErrors > 0)
    throw new StrataError(
      'CORRUPT',
      'The image is damaged, and giving back room could destroy more of it',
      { path, field: 'format' },
      'Run Check, and repair it first.',
    )
  return leaks
}

/** The guest ranges that read as zeros and take room of this layer's own. */
function* zeroRanges(disk: Disk, job: Job): Generator<{ at: number; length: number }> {
  const facet = facetOf(disk)
  const total = disk.size
  const buffer = new Uint8Array(Math.max(PIECE, disk.driver.packGrain ?? disk.driver.grain))
  const phase = 'Looking for zeros'
  job.report({ phase, done: 0, total })
  for (let at = 0; at < total;) {
    job.checkpoint()
    const held = facet.next(at)
    if (!held) break
    const length = held.zero ? held.length : Math.min(held.length, buffer.length)
    const found = held.zero ? [{ at: held.at, length }] : zerosIn(disk, held.at, buffer.subarray(0, length), held.unit)
    for (const range of found) yield* facet.hides ? [range] : alsoBelow(disk, range, held.unit, buffer)
    at = held.at + length
    job.report({ phase, done: Math.min(at, total), total })
  }
  job.report({ phase, done: total, total })
}

/** Reads a range, and answers with the runs of whole units in it that are zeros. */
function zerosIn(disk: Pick<Disk, 'readAt'>, at: number, bytes: Uint8Array, unit: number): { at: number; length: number }[] {
  disk.readAt(at, bytes)
  const found: { at: number; length: number }[] = []
  for (let from = 0; from < bytes.length; from += unit) {
    const part = bytes.subarray(from, from + unit)
    if (!isZero(part)) continue
    const last = found.at(-1)
    if (last && last.at + last.length === at + from) last.length += part.length
    else found.push({ at: at + from, length: part.length })
  }
  return found
}

/** What of a range, in whole units, reads as zeros in the layers below too. */
function* alsoBelow(
  disk: Disk,
  range: { at: number; length: number },
  unit: number,
  buffer: Uint8Array,
): Generator<{ at: number; length: number }> {
  const { below } = disk
  if (!below) return
  const end = range.at + range.length
  for (let at = range.at; at < end;) {
    const length = Math.min(end - at, buffer.length)
    // Behind its end, a shorter layer reads as zeros.
    const there = Math.max(0, Math.min(length, alignUp(below.size, unit) - at))
    yield* zerosIn({ readAt: (from, into) => readPadded(below, from, into) }, at, buffer.subarray(0, there), unit)
    if (there < length) yield { at: at + there, length: length - there }
    at += length
  }
}
