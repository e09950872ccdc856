import type { CheckReport, DiskInfo } from '../../../shared/model.ts'
import type { RepairScope } from '../../../shared/requests.ts'

/** How much of an image a repair has to touch; undefined where there is nothing to mend. A mark in the header goes only with a whole repair. */
export function repairScope(report: CheckReport, info: Pick<DiskInfo, 'dirty' | 'qcow2'>): RepairScope | undefined {
  if (report.corruptions + report.checkErrors > 0 || info.dirty || info.qcow2?.corrupt) return 'all'
  return report.leaks > 0 ? 'leaks' : undefined
}
