import type { JobView } from '../../../shared/api.ts'
import { words } from '../words/en.ts'
import { absoluteDate, durationText } from './dates.ts'
import { exactBytes, sizeText } from './sizes.ts'

/** One line of a job's report; `exact` is for those who point at it. */
export interface JobFact {
  label: string
  value: string
  exact?: string
}

/** The report of a job: when it ran, what it worked through and how fast, and what came of it. */
export function jobFacts(job: JobView): JobFact[] {
  return [...timeFacts(job), ...outcomeFacts(job)]
}

function timeFacts({ started, ended, status, progress }: JobView): JobFact[] {
  const { facts } = words.jobs
  const list: JobFact[] = status === 'waiting' ? [] : [{ label: facts.started, value: absoluteDate(started) }]
  // When an interrupted job stopped, nobody saw.
  if (ended === undefined || status === 'interrupted') return list
  const seconds = (ended - started) / 1000
  list.push({ label: facts.ended, value: absoluteDate(ended) }, { label: facts.took, value: durationText(seconds) })
  if (progress.done > 0) list.push(bytes(facts.copied, progress.done))
  if (progress.done > 0 && seconds >= 1) list.push({ label: facts.average, value: words.jobs.speed(progress.done / seconds) })
  return list
}

function outcomeFacts({ outcome }: JobView): JobFact[] {
  const { facts } = words.jobs
  if (!outcome) return []
  switch (outcome.kind) {
    case 'check':
      return [
        { label: facts.corruptions, value: `${outcome.result.corruptions}` },
        { label: facts.leaks, value: `${outcome.result.leaks}` },
        { label: facts.file, value: outcome.result.path },
      ]
    case 'compact':
      return [bytes(facts.before, outcome.result.before), bytes(facts.after, outcome.result.after)]
    case 'compare':
      return 'at' in outcome.result ? [{ label: facts.firstDifference, value: exactBytes(outcome.result.at) }] : []
    case 'measure':
      return [bytes(facts.after, outcome.result.required)]
    case 'bench':
      return []
    default: {
      const { info } = outcome.result
      const before = outcome.kind === 'resize' ? [bytes(facts.before, outcome.result.before)] : []
      const list = [...before, bytes(facts.virtual, info.virtualSize), bytes(facts.disk, info.actualSize)]
      return [...list, { label: facts.file, value: info.path }]
    }
  }
}

function bytes(label: string, count: number): JobFact {
  return { label, value: sizeText(count), exact: exactBytes(count) }
}
