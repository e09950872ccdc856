import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'

/** @typedef {{ version: string, license?: string, author?: string | { name?: string }, dependencies?: Record<string, string> }} About */
/** @typedef {{ name: string, version: string, licence: string, text: string }} Licence */

/** What an import or an export says where it comes from, if that is a package. */
const SOURCE = /(?:from|import)\s*\(?\s*'([^'./][^']*)'/g
/** How packages are called. */
const PACKAGE = /^(@[a-z0-9-]+\/)?[a-z0-9][a-z0-9._-]*$/
/** What a licence text is called. */
const TEXT = /^(licen[cs]e|copying|notice)(\.|-|$)/i

/**
 * The packages that the built program holds, by name: all that `src` imports, what those depend on, and what the compiler of components puts in.
 * A superset of what the bundler keeps. Throws for a package without a licence text.
 * @param {string} root the project's folder
 * @returns {Licence[]}
 */
export function licences(root) {
  /** @type {Map<string, Licence>} */
  const found = new Map()
  const waiting = importedPackages(join(root, 'src')).map((name) => ({ name, from: root }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const folder = folderOf(next.name, next.from)
    // What is optional, or declared for its types alone, may be absent.
    if (folder === undefined || found.has(next.name)) continue
    /** @type {About} */
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const text = textOf(folder, next.name, about)
    const licence = about.license ?? (/MIT License/i.test(text) ? 'MIT' : 'see its text')
    found.set(next.name, { name: next.name, version: about.version, licence, text })
    for (const name of Object.keys(about.dependencies ?? {})) if (!name.startsWith('@types/')) waiting.push({ name, from: folder })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The names of all packages that a folder of sources imports.
 * @param {string} folder
 * @returns {string[]}
 */
export function importedPackages(folder) {
  const names = new Set(['svelte'])
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|svelte)$/.test(entry.name)) continue
    for (const [, source = ''] of readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(SOURCE)) {
      const name = source.split('/', source.startsWith('@') ? 2 : 1).join('/')
      // Electron is not bundled, and brings its licences with it.
      if (PACKAGE.test(name) && !isBuiltin(source) && name !== 'electron') names.add(name)
    }
  }
  return [...names]
}

/** @param {string} name @param {string} from @returns {string | undefined} where a package lies that one at `from` asks for */
function folderOf(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    try {
      readFileSync(join(folder, 'package.json'))
      return folder
    } catch {
      if (dirname(at) === at) return undefined
    }
  }
}

/** @param {string} folder @param {string} name @param {About} about */
function textOf(folder, name, about) {
  const file = readdirSync(folder).find((one) => TEXT.test(one))
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8').trim()
  // Some packages name their licence and bring no text of it.
  if (about.license === undefined) throw new Error(`${name} has no licence`)
  const author = typeof about.author === 'string' ? about.author : about.author?.name
  return author === undefined ? about.license : `${about.license}, by ${author}`
}

/** Makes the list importable as `virtual:licences`. @param {string} root @returns {import('vite').Plugin} */
export function licencesPlugin(root) {
  const ID = 'virtual:licences'
  return {
    name: 'licences',
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => (id === `\0${ID}` ? `export default ${JSON.stringify(licences(root))}` : undefined),
  }
}
