import type { Progress } from '../shared/model.ts'

/** The line that `convert -p` overwrites again and again; a carriage return ends it. */
export function progressLine({ done, total }: Pick<Progress, 'done' | 'total'>): string {
  const percent = total === 0 ? 100 : Math.min(100, (done / total) * 100)
  return `    (${percent.toFixed(2)}/100%)\r`
}

/** The same for whoever asked, as a line of its own. */
export function progressAnswer(progress: Pick<Progress, 'done' | 'total'>): string {
  return progressLine(progress).replace('\r', '\n')
}

/** What the line says once the work is done, and the end of it. */
export const PROGRESS_END = `${progressLine({ done: 1, total: 1 })}\n`
