import { LANGUAGE, LOCALE } from './locale.ts'

// "2 minutes ago" stands within a sentence, and so is in its language.
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' })

const STEPS = [
  { unit: 'year', seconds: 31_556_952 },
  { unit: 'month', seconds: 2_629_746 },
  { unit: 'week', seconds: 604_800 },
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'minute', seconds: 60 },
] as const

/** How long ago (or ahead) a time is, in the one unit that says it best. Both times in milliseconds since 1970. */
export function relativeDate(time: number, now: number): string {
  const seconds = Math.round((time - now) / 1000)
  const step = STEPS.find((candidate) => Math.abs(seconds) >= candidate.seconds)
  if (!step) return 'just now'
  return relative.format(Math.trunc(seconds / step.seconds), step.unit)
}

/** A date with its time of day, for a hover. */
export function absoluteDate(time: number): string {
  return absolute.format(time)
}

/** A span of seconds in at most two units: `8 s`, `1 min 12 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  if (total === 0) return 'under 1 s'
  if (total < 60) return `${total} s`
  const minutes = Math.floor(total / 60)
  if (minutes < 60) return total % 60 === 0 ? `${minutes} min` : `${minutes} min ${total % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}
