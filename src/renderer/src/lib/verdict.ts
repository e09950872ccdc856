import type { CheckReport } from '../../../shared/model.ts'

/** A report in one word, the gravest finding deciding; what could not be read counts as damage. */
export function verdictOf(report: CheckReport): 'fine' | 'leaks' | 'corrupt' {
  if (report.corruptions + report.checkErrors > 0) return 'corrupt'
  return report.leaks > 0 ? 'leaks' : 'fine'
}
