import { join } from 'node:path'
import * as v from 'valibot'
import { MOST_AT_ONCE, type Settings } from '../shared/api.ts'
import { CHAIN_CHOICES, FORMAT_CHOICES, HEALTH_CHOICES, SIZE_CHOICES, SORT_KEYS } from '../shared/library-view.ts'
import { JsonFile } from './json-file.ts'

const DEFAULTS: Settings = { theme: 'system' }

export const JobsAtOnceSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MOST_AT_ONCE))

export const ListSchema = v.object({
  sort: v.picklist(SORT_KEYS),
  down: v.boolean(),
  format: v.picklist(FORMAT_CHOICES),
  chain: v.picklist(CHAIN_CHOICES),
  health: v.picklist(HEALTH_CHOICES),
  size: v.picklist(SIZE_CHOICES),
  grouped: v.boolean(),
})

/** What `settings.json` holds; unknown keys, of a newer Strata, are left out. */
const SettingsSchema = v.object({
  theme: v.picklist(['system', 'light', 'dark']),
  jobsAtOnce: v.exactOptional(JobsAtOnceSchema),
  notifications: v.exactOptional(v.boolean()),
  list: v.exactOptional(ListSchema),
})

/** The person's settings, kept as `settings.json` in the data folder. */
export function settingsFile(folder: string): JsonFile<Settings> {
  return new JsonFile<Settings>(join(folder, 'settings.json'), SettingsSchema, () => ({ ...DEFAULTS }))
}
