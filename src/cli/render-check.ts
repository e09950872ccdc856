import type { CheckReport } from '../shared/model.ts'
import { EXIT } from './exit-codes.ts'

/** A check's verdict as a person reads it. */
export function checkText(report: CheckReport): string {
  const { corruptions, leaks, checkErrors, totalClusters, allocatedClusters, fragmentedClusters, compressedClusters } = report
  const parts: string[] = []
  if (corruptions + leaks + checkErrors === 0) parts.push('No errors were found on the image.\n')
  if (corruptions > 0)
    parts.push(`\n${corruptions} errors were found on the image.\nData may be corrupted, or further writes to the image may corrupt it.\n`)
  if (leaks > 0) parts.push(`\n${leaks} leaked clusters were found on the image.\nThis means waste of disk space, but no harm to data.\n`)
  if (checkErrors > 0) parts.push(`\n${checkErrors} internal errors have occurred during the check.\n`)
  if (totalClusters > 0 && allocatedClusters > 0) {
    const percent = (part: number, whole: number) => `${((part * 100) / whole).toFixed(2)}%`
    parts.push(
      `${allocatedClusters}/${totalClusters} = ${percent(allocatedClusters, totalClusters)} allocated, ` +
        `${percent(fragmentedClusters, allocatedClusters)} fragmented, ${percent(compressedClusters, allocatedClusters)} compressed clusters\n`,
    )
  }
  if (report.imageEndOffset > 0) parts.push(`Image end offset: ${report.imageEndOffset}\n`)
  return parts.join('')
}

/** What a repair did, as a person reads it before the verdict on what is left; nothing where there was nothing to do. */
export function repairText({ leaksFixed = 0, corruptionsFixed = 0 }: CheckReport, dryRun: boolean): string {
  if (leaksFixed + corruptionsFixed === 0) return ''
  const first = dryRun
    ? 'The following inconsistencies were found and would be repaired:'
    : 'The following inconsistencies were found and repaired:'
  const next = dryRun ? 'The image would then be like this:' : 'Double checking the fixed image now...'
  return `${first}\n\n    ${leaksFixed} leaked clusters\n    ${corruptionsFixed} corruptions\n\n${next}\n`
}

/** A check's verdict for a program, in QEMU's key order; counts of nothing are left out, but for the errors of the check itself. */
export function checkObject(report: CheckReport): Record<string, unknown> {
  const { imageEndOffset, compressedClusters, totalClusters, corruptions, leaks, allocatedClusters, fragmentedClusters } = report
  const { corruptionsFixed = 0, leaksFixed = 0 } = report
  return {
    ...(imageEndOffset > 0 && { 'image-end-offset': imageEndOffset }),
    ...(compressedClusters > 0 && { 'compressed-clusters': compressedClusters }),
    ...(totalClusters > 0 && { 'total-clusters': totalClusters }),
    ...(corruptionsFixed > 0 && { 'corruptions-fixed': corruptionsFixed }),
    ...(corruptions > 0 && { corruptions }),
    'check-errors': report.checkErrors,
    ...(leaksFixed > 0 && { 'leaks-fixed': leaksFixed }),
    ...(leaks > 0 && { leaks }),
    ...(allocatedClusters > 0 && { 'allocated-clusters': allocatedClusters }),
    filename: report.path,
    format: report.format,
    ...(fragmentedClusters > 0 && { 'fragmented-clusters': fragmentedClusters }),
  }
}

/** The exit code that a report deserves. */
export function checkExit({ checkErrors, corruptions, leaks }: CheckReport): number {
  if (checkErrors > 0) return EXIT.failed
  if (corruptions > 0) return EXIT.corrupt
  return leaks > 0 ? EXIT.leaks : EXIT.ok
}
