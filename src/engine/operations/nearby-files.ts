import { StrataError } from '../../shared/errors.ts'
import type { Platform } from '../device/platform.ts'
import { passGate, type GateRule } from '../io/gate.ts'

/** More than these are not looked at: a folder with so many is no place for a chain, and nobody would wait. */
const MAX_FILES = 20_000
const MAX_FOLDERS = 2_000
/** Folders within folders that are gone into. */
const MAX_DEPTH = 4

/**
 * The regular files in some folders and those within them that the gate lets Strata read, by their canonical names, each once. Folders that
 * can't be read are passed over. Not `complete` where there was more than is looked at.
 */
export function nearbyFiles(platform: Platform, folders: readonly string[], gate: GateRule): { files: string[]; complete: boolean } {
  const found = new Set<string>()
  const seen = new Set<string>()
  let waiting = folders.map((path) => ({ path, depth: 0 }))
  let complete = true
  while (waiting.length > 0) {
    const next: typeof waiting = []
    for (const { path, depth } of waiting) {
      const folder = unlessRefused(() => platform.files.canonical(path))
      if (folder === undefined || seen.has(folder)) continue
      if (seen.size >= MAX_FOLDERS || found.size >= MAX_FILES) return { files: [...found], complete: false }
      seen.add(folder)
      for (const entry of unlessRefused(() => platform.files.list(folder)) ?? []) {
        if (entry.kind === 'folder' && depth < MAX_DEPTH) next.push({ path: entry.path, depth: depth + 1 })
        else if (entry.kind === 'folder') complete = false
        else if (entry.kind === 'file') {
          const file = readable(platform, entry.path, gate)
          if (file !== undefined) found.add(file)
        }
      }
    }
    waiting = next
  }
  return { files: [...found].slice(0, MAX_FILES), complete: complete && found.size <= MAX_FILES }
}

/** The canonical name of a file that the gate lets pass. */
function readable(platform: Platform, path: string, gate: GateRule): string | undefined {
  return unlessRefused(() => {
    passGate(gate, platform.files, path, path)
    return platform.files.canonical(path)
  })
}

/** What the system or the gate refuses is as if it were not there. */
function unlessRefused<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (error instanceof StrataError) return undefined
    throw error
  }
}
