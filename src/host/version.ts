import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Strata's version, from the package.json that lies two folders up from source and build alike. */
export function strataVersion(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}
