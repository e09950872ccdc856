import type { CompareRequest, CompareResult } from '../../shared/requests.ts'
import { sameBytes } from '../base/bytes.ts'
import type { Job } from '../base/job.ts'
import type { BlockStatus } from '../device/block-status.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { ComparedDisk, PIECE, samePlace } from './compared-disk.ts'

/**
 * Whether two disks read the same, each through its chain. What is known to be zeros in both, or lies at the same place of one file, is not read. An
 * error says in `where.field` whether it came from looking where the bytes lie (`allocation`) or from reading them (`content`).
 */
export function compare(
  platform: Platform,
  { left, right, strict = false }: CompareRequest,
  { gate, secrets, job }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): CompareResult {
  const disks: Disk[] = []
  try {
    for (const { path, format, secret, snapshot } of [left, right])
      disks.push(openDisk(platform, path, { gate, secrets, format, secret, snapshot }))
    const [a, b] = disks.map((disk) => new ComparedDisk(disk, platform, strict)) as [ComparedDisk, ComparedDisk]
    if (strict && a.size !== b.size) return { same: false, why: 'size', left: a.size, right: b.size }
    return differenceOf(a, b, strict, platform, job) ?? { same: true, sizesDiffer: a.size !== b.size }
  } finally {
    for (const disk of disks) disk.close()
  }
}

/** The first difference, or undefined. */
function differenceOf(a: ComparedDisk, b: ComparedDisk, strict: boolean, { files }: Platform, job: Job): CompareResult | undefined {
  const shorter = Math.min(a.size, b.size)
  const total = Math.max(a.size, b.size)
  const names = new Map<string, string>()
  const real = (path: string): string => names.get(path) ?? names.set(path, files.canonical(path)).get(path)!
  job.report({ phase: 'Comparing', done: 0, total })
  for (let at = 0; at < total;) {
    job.checkpoint()
    const max = (at < shorter ? shorter : total) - at
    const [one, other] = [a.status(at, max), b.status(at, max)]
    let length = Math.min(one.length, other.length)
    if (strict && !alike(one, other)) return { same: false, why: 'allocation', at }
    if (!(one.zero && other.zero) && !samePlace(one, other, real)) {
      length = Math.min(length, PIECE)
      const found = firstDifference(a.read(at, length, one.zero), b.read(at, length, other.zero))
      if (found >= 0) return { same: false, why: 'content', at: at + found, ...(at >= shorter && { beyond: true }) }
    }
    at += length
    job.report({ phase: 'Comparing', done: at, total })
  }
  return undefined
}

/** Whether both are there in the same manner; where they lie does not matter. */
function alike(a: BlockStatus, b: BlockStatus): boolean {
  return a.present === b.present && a.zero === b.zero && a.data === b.data && (a.place === undefined) === (b.place === undefined)
}

/** The index of the first byte that differs, -1 for none. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (sameBytes(a, b)) return -1
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i
  return -1
}
