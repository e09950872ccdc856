import { lstat, readdir, stat } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DroppedFile, FolderListing } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import { errnoOf } from '../host/file-error.ts'
import type { Grants } from '../host/grants.ts'

/** Bounds of the search for a dropped file. */
const DEPTH = 5
const MAX_ENTRIES = 30_000
const MAX_TIME = 2_000
/** A browser may round a file's time to a second. */
const TIME_STEP = 1_000

type Entry = FolderListing['entries'][number]

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** What lies in a granted folder, folders first: hidden entries, broken links and links that lead out of the grants are left out. */
export async function listFolder(grants: Grants, path: string | undefined): Promise<FolderListing> {
  const roots = grants.roots
  const start = path ?? roots[0]
  if (start === undefined) throw new StrataError('DENIED', 'No folder may be listed')
  const folder = grants.assertReadable(start)
  const dirents = (await readEntries(folder)).filter(({ name }) => !name.startsWith('.'))
  const entries = (await Promise.all(dirents.map((dirent) => describe(grants, folder, dirent)))).flatMap((entry) => entry ?? [])
  entries.sort((a, b) => Number(b.folder) - Number(a.folder) || byName.compare(a.name, b.name))
  const parent = dirname(folder)
  return { path: folder, entries, roots, ...(parent !== folder && isGranted(grants, parent) && { parent }) }
}

/**
 * The granted files that have a dropped file's name, size and time. Looks into the `likely` folders first, then through the granted ones,
 * level by level, until depth, number or time runs out; links to folders are not followed.
 */
export async function findDropped(grants: Grants, wanted: DroppedFile, likely: readonly string[]): Promise<string[]> {
  const deadline = Date.now() + MAX_TIME
  const found = new Set<string>()
  const seen = new Set<string>()
  let left = MAX_ENTRIES
  let level = [...new Set(likely)].filter((folder) => isGranted(grants, folder))
  let depth = -1 // the likely folders come before the first level
  while (depth <= DEPTH) {
    const below: string[] = []
    for (const folder of level) {
      if (seen.has(folder)) continue
      if (left <= 0 || Date.now() > deadline) return [...found]
      seen.add(folder)
      const entries = await readEntries(folder).catch(() => [])
      left -= entries.length
      if (
        entries.some((entry) => entry.name === wanted.name && !entry.isDirectory()) &&
        (await isWanted(join(folder, wanted.name), wanted))
      )
        found.add(grants.assertReadable(join(folder, wanted.name)))
      if (depth >= 0)
        for (const entry of entries) if (entry.isDirectory() && !entry.name.startsWith('.')) below.push(join(folder, entry.name))
    }
    level = depth < 0 ? grants.roots : below
    depth++
  }
  return [...found]
}

async function isWanted(path: string, { size, modified }: DroppedFile): Promise<boolean> {
  const facts = await lstat(path).catch(() => undefined)
  return facts?.isFile() === true && facts.size === size && Math.abs(facts.mtimeMs - modified) < TIME_STEP
}

async function readEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT') throw new StrataError('NOT_FOUND', 'There is no such folder', { path: folder })
    if (code === 'ENOTDIR') throw new StrataError('INVALID_ARGUMENT', 'This is not a folder', { path: folder })
    throw new StrataError('DENIED', 'The system does not let Strata look into this folder', { path: folder }, undefined, error)
  }
}

async function describe(grants: Grants, folder: string, dirent: Dirent): Promise<Entry | undefined> {
  const path = join(folder, dirent.name)
  if (dirent.isSymbolicLink() && !isGranted(grants, path)) return undefined
  const facts = await stat(path).catch(() => undefined)
  if (!facts || !(facts.isDirectory() || facts.isFile())) return undefined
  return {
    name: dirent.name,
    path,
    folder: facts.isDirectory(),
    size: facts.isFile() ? facts.size : 0,
    modified: Math.floor(facts.mtimeMs),
  }
}

function isGranted(grants: Grants, path: string): boolean {
  try {
    grants.assertReadable(path)
    return true
  } catch {
    return false
  }
}
