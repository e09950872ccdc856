import type { CheckReport, DiskInfo } from '../../../shared/model.ts'
import { words } from '../words/en.ts'

/** What a repair mends, a line each, the gravest first. `info` is the disk before it; a mark goes only from an image that is sound afterwards. */
export function repairMends(report: CheckReport, info: Pick<DiskInfo, 'dirty' | 'qcow2'>): string[] {
  const { corruptionsFixed = 0, leaksFixed = 0, clusterSize } = report
  const sound = report.corruptions + report.checkErrors === 0
  return [
    ...(corruptionsFixed > 0 ? [words.repair.corruptions(corruptionsFixed)] : []),
    ...(leaksFixed > 0 ? [words.repair.leaks(leaksFixed, leaksFixed * clusterSize)] : []),
    ...(info.qcow2?.corrupt && sound ? [words.repair.corrupt] : []),
    ...(info.dirty && sound ? [words.repair.dirty] : []),
  ]
}

/** What a repair leaves as it is, a line each, the gravest first. */
export function repairLeaves({ corruptions, leaks, checkErrors, clusterSize }: CheckReport): string[] {
  return [
    ...(corruptions > 0 ? [words.repair.leftCorruptions(corruptions)] : []),
    ...(checkErrors > 0 ? [words.repair.leftErrors(checkErrors)] : []),
    ...(leaks > 0 ? [words.repair.leftLeaks(leaks, leaks * clusterSize)] : []),
  ]
}
