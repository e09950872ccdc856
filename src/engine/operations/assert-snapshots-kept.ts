import { StrataError } from '../../shared/errors.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { FormatDriver } from '../formats/driver.ts'

/**
 * Throws where internal snapshots of an image read bytes through its backing file: a change of that file, or another one in its place, changes what
 * they hold, and nobody notices before going back to one.
 */
export function assertSnapshotsKept(platform: Platform, path: string, options: Pick<OpenOptions, 'gate' | 'secrets' | 'format'>): void {
  for (const { id, name } of using(openLayer(platform, path, options), (driver) => driver.snapshots?.list() ?? []))
    if (using(openLayer(platform, path, { ...options, snapshot: id }), readsBelow))
      throw new StrataError(
        'INVALID_ARGUMENT',
        `The snapshot '${name}' of the image reads what lies below it, and would read otherwise`,
        { path, field: 'snapshots' },
        'Copy the snapshot into an image of its own first (convert), or delete it. Or allow that it changes.',
      )
}

function using<T>(driver: FormatDriver, use: (driver: FormatDriver) => T): T {
  try {
    return use(driver)
  } finally {
    driver.close()
  }
}

function readsBelow(driver: FormatDriver): boolean {
  for (let at = 0; at < driver.size;) {
    const { kind, length } = driver.locate(at, driver.size - at)
    if (kind === 'below') return true
    at += length
  }
  return false
}
