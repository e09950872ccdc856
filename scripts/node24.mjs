import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The repository's root. */
export const root = join(import.meta.dirname, '..')

/** The Node that Strata needs: the one that its Electron embeds. */
export const NEEDED_MAJOR = 24

/** Whether the Node that runs this is new enough. */
export const ownIsEnough = Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR

const fetchedFolder = join(root, 'tools', 'node24', 'node_modules', '.bin')

/** Path of the Node that the install step fetched, or undefined. */
export function fetchedNode() {
  const names = process.platform === 'win32' ? ['node.exe', 'node.cmd'] : ['node']
  return names.map((name) => join(fetchedFolder, name)).find((path) => existsSync(path))
}

/** Path of a Node that is new enough, or undefined where there is none. */
export function suitableNode() {
  return ownIsEnough ? process.execPath : fetchedNode()
}

/** An environment in which `node` is new enough and the project's own commands are found. */
export function environment() {
  const folders = [...(ownIsEnough ? [] : [fetchedFolder]), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? '']
  return { ...process.env, PATH: folders.join(delimiter) }
}

/** What to tell a person whose machine has no Node that is new enough. */
export const NO_NODE =
  `Strata needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}.` +
  ' Install it, or run "node scripts/fetch-node.mjs" to fetch one for Strata alone.'
