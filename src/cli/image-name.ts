import { Failure, refusal } from './failure.ts'
import { parseOptionLists } from './option-list.ts'

/** What a command line says of one image: where it is, and how to open it. */
export interface ImageName {
  path: string
  /** the format that the name itself states */
  format?: string
  /** the id of the passphrase that opens it */
  secret?: string
}

/** Settings that say how QEMU is to reach a file and change nothing here: Strata reads files through the system's cache and holds no locks. */
const ACCEPTED = ['file.driver', 'file.locking', 'locking', 'read-only', 'force-share', 'discard', 'encrypt.format']
const ACCEPTED_GROUPS = ['cache.', 'file.cache.']

/**
 * Reads the name of an image in QEMU's ways: a plain path, `json:{…}`, or with `--image-opts` a list `driver=…,file.filename=…`. Throws for
 * settings that Strata does not have.
 */
export function readImageName(text: string, asOptions: boolean): ImageName {
  const image = asOptions
    ? named(text, new Map(parseOptionLists([text])))
    : text.startsWith('json:')
      ? named(text, new Map(flattened(text)))
      : { path: text }
  if (image.path === '') throw new Failure(`Could not open '${text}': ${NO_NAME}`)
  if (!image.path.isWellFormed() || image.path.includes('\0'))
    throw new Failure(`Could not open '${text}': The name is not one that a file can have`)
  return image
}

const NO_NAME = "The 'file' block driver requires a file name"

function named(text: string, settings: Map<string, string>): ImageName {
  const could = (reason: string): Failure => new Failure(`Could not open '${text}': ${reason}`)
  const driver = settings.get('driver')
  const isFile = driver === 'file'
  const place = isFile ? 'filename' : 'file.filename'
  const path = settings.get(place)
  if (path === undefined && settings.size === 1 && driver === undefined) {
    const [name = text] = settings.keys()
    throw new Failure(`Could not open '${name}': Cannot find device='${name}' nor node-name='${name}'`)
  }
  const fileDriver = settings.get('file.driver')
  if (path === undefined) throw could(isFile || fileDriver === 'file' ? NO_NAME : 'A block device must be specified for "file"')
  if (fileDriver !== undefined && fileDriver !== 'file') throw refusal(`an image reached by '${fileDriver}'`, 'Strata opens files.')
  for (const name of settings.keys()) {
    if (['driver', place, 'encrypt.key-secret', ...ACCEPTED].includes(name) || ACCEPTED_GROUPS.some((group) => name.startsWith(group)))
      continue
    throw refusal(`the image option '${name}'`)
  }
  const secret = settings.get('encrypt.key-secret')
  const format = isFile ? 'raw' : driver
  return { path, ...(format !== undefined && { format }), ...(secret !== undefined && { secret }) }
}

/** The leaves of `json:{…}` by their dotted names. */
function flattened(text: string): [name: string, value: string][] {
  let value: unknown
  try {
    value = JSON.parse(text.slice('json:'.length))
  } catch {
    throw new Failure(`Could not open '${text}': Could not parse the JSON options`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Failure(`Could not open '${text}': Invalid JSON object given`)
  const leaves = (object: object, prefix: string): [string, string][] =>
    Object.entries(object).flatMap(([name, leaf]: [string, unknown]) =>
      typeof leaf === 'object' && leaf !== null ? leaves(leaf, `${prefix}${name}.`) : [[prefix + name, worded(leaf)] as [string, string]],
    )
  return leaves(value, '')
}

function worded(leaf: unknown): string {
  if (typeof leaf === 'boolean') return leaf ? 'on' : 'off'
  return typeof leaf === 'string' ? leaf : JSON.stringify(leaf)
}
