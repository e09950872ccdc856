import { expect, it } from 'vitest'
import { durationText, relativeDate } from '../../src/renderer/src/lib/dates.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

it.each([
  [5, 'just now'],
  [130, '2 minutes ago'],
  [3 * 3600, '3 hours ago'],
  [26 * 3600, 'yesterday'],
  [10 * 86400, 'last week'],
  [400 * 86400, 'last year'],
])('%d seconds back is %s', (seconds, text) => expect(relativeDate(NOW - seconds * 1000, NOW)).toBe(text))

it.each([
  [0.2, 'under 1 s'],
  [8, '8 s'],
  [72, '1 min 12 s'],
  [120, '2 min'],
  [7500, '2 h 5 min'],
])('%d seconds last %s', (seconds, text) => expect(durationText(seconds)).toBe(text))
