import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const SOURCES = ['src', 'electron.vite.config.ts', 'svelte.config.js', 'tsconfig.base.json', 'package-lock.json']
const BUILT = ['main/index.js', 'main/server.js', 'main/cli.js', 'preload/index.cjs', 'renderer/index.html']

/**
 * Whether everything is built in out/ and nothing it was built from is newer.
 *
 * @param {string} root the repository's root
 */
export function isBuilt(root) {
  const built = BUILT.map((name) => time(join(root, 'out', name)) ?? -Infinity)
  return Math.min(...built) >= Math.max(...SOURCES.map((name) => newest(join(root, name))))
}

/**
 * The time of the newest file or folder at or under a path, in milliseconds since 1970. Folders count: a removed file leaves its mark there.
 *
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const facts = statSync(path, { throwIfNoEntry: false })
  if (facts === undefined) return -Infinity
  if (!facts.isDirectory()) return facts.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), facts.mtimeMs)
}

/** @param {string} path */
function time(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
