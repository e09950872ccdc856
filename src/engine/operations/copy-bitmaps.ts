import { StrataError } from '../../shared/errors.ts'
import type { BitmapInfo } from '../../shared/model.ts'
import type { CopiedBitmaps } from '../../shared/requests.ts'
import type { Disk } from '../device/disk.ts'
import type { FormatDriver } from '../formats/driver.ts'

/** What QEMU chooses for a new bitmap of an image: its cluster size, within bounds. In bytes. */
export function defaultGranularity(driver: FormatDriver): number {
  return Math.min(65536, Math.max(4096, driver.describe().clusterSize ?? 65536))
}

/** The bitmaps of the top layer that are to be copied into a new image. Throws for what `copyBitmaps` could not do, before there is such an image. */
export function bitmapsToCopy(from: Disk, which: CopiedBitmaps, target: { path: string; holdsBitmaps: boolean }): BitmapInfo[] {
  const { bitmaps } = from.driver
  if (!bitmaps || from.driver.describe().qcow2?.compat === '0.10')
    throw new StrataError('UNSUPPORTED', 'Source lacks bitmap support', { path: from.path, field: 'bitmaps' }, 'Convert without bitmaps.')
  const all = bitmaps.list()
  const broken = all.find(({ flags }) => flags.includes('in-use'))
  if (broken && which === 'all')
    throw new StrataError(
      'UNSUPPORTED',
      `Cannot copy inconsistent bitmap '${broken.name}'`,
      { path: from.path, field: 'bitmaps' },
      'Leave inconsistent bitmaps out, or remove this one.',
    )
  if (!target.holdsBitmaps)
    throw new StrataError(
      'UNSUPPORTED',
      'The target can hold no bitmaps',
      { path: target.path, field: 'bitmaps' },
      'Choose qcow2, compat 1.1.',
    )
  return all.filter(({ flags }) => !flags.includes('in-use'))
}

/** Copies bitmaps into a new image, which must hold its content already: what is written later is marked. */
export function copyBitmaps(from: Disk, to: Disk, copied: readonly BitmapInfo[]): void {
  for (const { name, granularity, flags } of copied) {
    to.driver.bitmaps?.add(name, granularity, flags.includes('auto'))
    to.driver.bitmaps?.mark(name, from.driver.bitmaps?.marked(name) ?? [])
  }
}
