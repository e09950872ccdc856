import {
  chmodSync,
  chownSync,
  type Dirent,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { errnoOf, fromErrno, saying } from './errno.node.ts'
import { FileStorage } from './file.node.ts'
import type { FileFacts, FileSystem } from './file-system.ts'
import { flushFolder } from './flush-folder.node.ts'
import { isAbandoned, stagedTail } from './staged-name.node.ts'

/** Bytes of a file name that every common file system can hold. */
const NAME_BYTES = 255

/** The files of this machine. */
export const nodeFileSystem: FileSystem = {
  open: (path, writable) => FileStorage.open(path, writable),

  create: (path) => FileStorage.create(path),

  rename(from, to) {
    saying({ path: to }, () => {
      renameSync(from, to)
    })
    flushFolder(dirname(to))
  },

  remove(path) {
    try {
      unlinkSync(path)
    } catch (error) {
      if (!isMissing(error)) throw fromErrno(error, { path })
    }
  },

  facts(path): FileFacts | undefined {
    const stats = saying({ path }, () => statSync(path, { throwIfNoEntry: false }))
    // Blocks are of 512 bytes here, whatever the file system's own are.
    if (!stats) return undefined
    // On Windows the number of a file is too large to be told exactly in this way.
    const id = process.platform === 'win32' ? {} : { id: `${stats.dev} ${stats.ino}` }
    return { size: stats.size, allocated: stats.blocks * 512, modified: stats.mtimeMs, kind: kindOf(stats), ...id }
  },

  list: (folder) =>
    saying({ path: folder }, () => readdirSync(folder, { withFileTypes: true })).map((entry) => ({
      path: join(folder, entry.name),
      kind: entryKind(folder, entry),
    })),

  canonical: (path) => saying({ path }, () => canonical(path)),

  resolve(from, name) {
    if (isAbsolute(name)) return name
    // Joined as text: `..` behind a link means the folder that the system finds there, not the one that the text shows.
    return from.slice(0, from.length - basename(from).length) + name
  },

  nameFrom: (from, path) => relative(dirname(from), path),

  besideName(path) {
    for (;;) {
      const tail = stagedTail()
      const beside = join(dirname(path), `.${shortened(basename(path), NAME_BYTES - 1 - tail.length)}${tail}`)
      if (!nodeFileSystem.facts(beside)) return beside
    }
  },

  removeAbandoned(path) {
    const folder = dirname(path)
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isFile() && isAbandoned(entry.name)) unlinkSync(join(folder, entry.name))
    } catch {
      // What is left over takes room and harms nothing: whoever may not remove it works on.
    }
  },

  copyMode(from, to) {
    const { mode, uid, gid } = saying({ path: from }, () => statSync(from))
    try {
      chownSync(to, uid, gid)
    } catch {
      // Only the system's administrator may give files away; everyone else's new file is their own.
    }
    saying({ path: to }, () => {
      chmodSync(to, mode & 0o777)
    })
  },

  free(path) {
    const { bavail, bsize } = saying({ path }, () => statfsSync(nodeFileSystem.facts(path) ? path : dirname(path)))
    return bavail * bsize
  },
}

function kindOf(stats: Stats | Dirent): FileFacts['kind'] {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'folder'
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'other'
}

function entryKind(folder: string, entry: Dirent): FileFacts['kind'] {
  if (!entry.isSymbolicLink()) return kindOf(entry)
  const kind = kindBehind(join(folder, entry.name))
  return kind === 'folder' ? 'other' : kind
}

/** What a link leads to; one that leads nowhere, or where nobody may look, is nothing of use. */
function kindBehind(link: string): FileFacts['kind'] {
  try {
    return kindOf(statSync(link))
  } catch {
    return 'other'
  }
}

function canonical(path: string): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const target = linkTarget(path)
  if (target !== undefined) return canonical(resolve(dirname(path), target))
  return join(realpathSync.native(dirname(path)), basename(path))
}

/** Where a link leads, or undefined for what is no link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function isMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT'
}

/** The beginning of a name, cut between characters so that it has at most `most` bytes. */
function shortened(name: string, most: number): string {
  let short = ''
  let bytes = 0
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > most) break
    short += character
  }
  return short
}
