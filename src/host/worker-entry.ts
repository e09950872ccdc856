import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of a worker's entry: beside this file as source, beside this file's chunk once built. */
export function workerEntry(name: 'job-worker' | 'query-worker'): string {
  return join(dirname(fileURLToPath(import.meta.url)), name + extname(import.meta.url))
}
