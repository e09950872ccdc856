import { join } from 'node:path'
import * as v from 'valibot'
import { MOST_AT_ONCE, type Settings } from '../shared/api.ts'
import { JsonFile } from './json-file.ts'

const DEFAULTS: Settings = { theme: 'system' }

export const JobsAtOnceSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MOST_AT_ONCE))

/** What `settings.json` holds; unknown keys, of a newer Strata, are left out. */
const SettingsSchema = v.object({
  theme: v.picklist(['system', 'light', 'dark']),
  jobsAtOnce: v.exactOptional(JobsAtOnceSchema),
  notifications: v.exactOptional(v.boolean()),
})

/** The person's settings, kept as `settings.json` in the data folder. */
export function settingsFile(folder: string): JsonFile<Settings> {
  return new JsonFile<Settings>(join(folder, 'settings.json'), SettingsSchema, () => ({ ...DEFAULTS }))
}
