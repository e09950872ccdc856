import type { Progress } from '../shared/model.ts'
import type { Parsed } from './args.ts'
import type { Terminal } from './terminal.ts'

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

/** The line of a verb with `-p`, which `-q` keeps silent. */
export interface ProgressDisplay {
  begin: () => void
  show: (progress: Progress) => void
  end: () => void
}

/** With `phases`, only these move the line: what comes before or after them would begin anew. */
export function progressDisplay(
  args: Pick<Parsed<'progress' | 'quiet'>, 'has'>,
  terminal: Pick<Terminal, 'out'>,
  phases?: readonly string[],
): ProgressDisplay {
  const say = (text: string): void => {
    if (args.has('progress') && !args.has('quiet')) terminal.out(text)
  }
  return {
    begin: () => say(progressLine({ done: 0, total: 1 })),
    show(progress) {
      if (phases?.includes(progress.phase) !== false) say(progressLine(progress))
    },
    end: () => say(PROGRESS_END),
  }
}
