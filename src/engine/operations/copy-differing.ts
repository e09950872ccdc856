import { isZero, sameBytes } from '../base/bytes.ts'
import { alignDown, alignUp } from '../base/ints.ts'
import type { Job } from '../base/job.ts'
import type { Disk, DiskRun } from '../device/disk.ts'
import { readPadded } from '../io/storage.ts'
import { writePacked } from './write-packed.ts'

/** Guest bytes compared at once. */
const PIECE = 2 * 2 ** 20
/** Guest bytes that are passed over at once, so that a huge empty disk still moves its bar and can be stopped. */
const STRIDE = 2 ** 36

export interface Differing {
  /** what will lie below the disk; nothing where absent */
  next: Disk | undefined
  /** whether a layer of the old chain is the same image as one of the new */
  same: (old: Disk, next: Disk) => boolean
  /** packs what is copied and gets smaller by it */
  compress: boolean
}

/**
 * Copies into `disk` what it reads through the layers below it, and would read otherwise with `next` below it: whole grains, zeros as zeros. Nothing is
 * read where both chains read as zeros or come to the same layer. Answers with the guest bytes copied.
 */
export function copyDiffering(disk: Disk, { next, same, compress }: Differing, job: Job): number {
  const { below, driver, size } = disk
  const unit = Math.max(driver.packGrain ?? 0, driver.grain)
  const most = Math.max(PIECE, unit)
  const before = new Uint8Array(most)
  const after = new Uint8Array(most)
  const phase = compress ? 'Compressing' : 'Copying'
  let copied = 0
  job.report({ phase, done: 0, total: size })
  for (let at = 0; at < size;) {
    job.checkpoint()
    const run = alike(disk, next, same, at)
    if (run.alike) at += run.length
    else {
      const start = alignDown(at, unit)
      const limit = Math.min(size, start + most)
      let end = alignUp(at + run.length, unit)
      while (end < limit) {
        const more = alike(disk, next, same, end)
        if (more.alike) break
        end = alignUp(end + more.length, unit)
      }
      at = Math.min(end, limit)
      const old = before.subarray(0, at - start)
      const other = after.subarray(0, at - start)
      readBelow(below, start, old)
      readBelow(next, start, other)
      copied += compress ? writeClusters(disk, start, old, other, unit) : writePlain(disk, start, old, other)
    }
    job.report({ phase, done: at, total: size })
  }
  return copied
}

/** Whether the disk reads the same from `at` on with either chain below it, as far as that is known without reading, and how far that goes. */
function alike(disk: Disk, next: Disk | undefined, same: Differing['same'], at: number): { alike: boolean; length: number } {
  const own = disk.driver.locate(at, Math.min(STRIDE, disk.size - at))
  if (own.kind !== 'below') return { alike: true, length: own.length }
  const old = firstRun(disk.below, at, own.length)
  const other = firstRun(next, at, old?.length ?? own.length)
  const length = Math.min(old?.length ?? own.length, other?.length ?? own.length)
  const zeros = (run: DiskRun | undefined): boolean => run === undefined || run.kind === 'zero'
  if (zeros(old) && zeros(other)) return { alike: true, length }
  if (!old || !other || !disk.below || !next) return { alike: false, length }
  return { alike: same(layerAt(disk.below, old.depth), layerAt(next, other.depth)), length }
}

/** The first run from `at` on; undefined where there is nothing. */
function firstRun(disk: Disk | undefined, at: number, length: number): DiskRun | undefined {
  if (!disk || at >= disk.size) return undefined
  for (const run of disk.runs(at, Math.min(length, disk.size - at))) return run
  return undefined
}

function layerAt(disk: Disk, depth: number): Disk {
  let layer = disk
  for (let i = 0; i < depth && layer.below; i++) layer = layer.below
  return layer
}

/** What an overlay sees of what lies below it; without that, zeros. */
function readBelow(disk: Disk | undefined, at: number, into: Uint8Array): void {
  if (disk) readPadded(disk, at, into)
  else into.fill(0)
}

/** A part of a disk that would read otherwise. */
interface Part {
  at: number
  length: number
  /** nothing but zeros */
  zero: boolean
}

/** The units from `start` on, or what of them the disk does not hold itself, that are not the same in `old` and `other`. */
function* partsApart(disk: Disk, start: number, old: Uint8Array, other: Uint8Array, unit: number): Generator<Part> {
  const end = start + old.length
  for (let at = start; at < end;) {
    const { kind, length } = disk.driver.locate(at, end - at)
    const stop = at + length
    if (kind !== 'below') at = stop
    while (at < stop) {
      const next = Math.min(stop, alignDown(at, unit) + unit)
      const bytes = old.subarray(at - start, next - start)
      if (!sameBytes(bytes, other.subarray(at - start, next - start))) yield { at, length: next - at, zero: isZero(bytes) }
      at = next
    }
  }
}

/** Neighbours of one kind as one. */
function* joined(parts: Iterable<Part>): Generator<Part> {
  let last: Part | undefined
  for (const part of parts) {
    if (last?.zero === part.zero && last.at + last.length === part.at) last.length += part.length
    else {
      if (last) yield last
      last = { ...part }
    }
  }
  if (last) yield last
}

function writePlain(disk: Disk, start: number, old: Uint8Array, other: Uint8Array): number {
  let copied = 0
  for (const { at, length, zero } of joined(partsApart(disk, start, old, other, disk.driver.grain))) {
    if (zero) disk.zeroAt(at, length)
    else disk.writeAt(at, old.subarray(at - start, at - start + length))
    copied += length
  }
  return copied
}

/** Cluster by cluster, each packed where it gets smaller by it. */
function writeClusters(disk: Disk, start: number, old: Uint8Array, other: Uint8Array, cluster: number): number {
  let copied = 0
  for (const { at, length, zero } of partsApart(disk, start, old, other, cluster)) {
    if (zero) disk.zeroAt(at, length)
    else writePacked(disk, at, old.subarray(at - start, at - start + length))
    copied += length
  }
  return copied
}
