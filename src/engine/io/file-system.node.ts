import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { StrataError } from '../../shared/errors.ts'
import { system } from './errno.node.ts'
import { FileStorage } from './file.node.ts'
import type { FileFacts, FileSystem } from './file-system.ts'

/** Bytes that a file name may have on every file system in use. */
const MAX_NAME = 255

/** The machine's files. */
export const nodeFileSystem: FileSystem = {
  open(path, writable) {
    // Asked first, since opening a named pipe would wait for its other end.
    const kind = kindOf(system({ path }, () => statSync(path)))
    if (kind === 'folder') throw new StrataError('INVALID_ARGUMENT', 'Is a directory', { path }, 'Choose a file in it.')
    if (kind === 'other') throw new StrataError('INVALID_ARGUMENT', 'Not a regular file or block device', { path }, 'Choose a disk image.')
    const fd = system({ path }, () => openSync(path, writable ? 'r+' : 'r'))
    return opened(path, fd, writable)
  },

  create(path) {
    return opened(
      path,
      system({ path }, () => openSync(path, 'wx+', 0o644)),
      true,
    )
  },

  rename(from, to) {
    system({ path: to }, () => renameSync(from, to))
    if (process.platform !== 'win32') system({ path: dirname(to) }, () => flushFolder(dirname(to)))
  },

  remove(path) {
    system({ path }, () => rmSync(path, { force: true }))
  },

  facts(path) {
    const stat = system({ path }, () => statSync(path, { throwIfNoEntry: false }))
    if (!stat) return undefined
    return { size: stat.size, allocated: stat.blocks * 512, modified: stat.mtimeMs, kind: kindOf(stat) }
  },

  canonical(path) {
    const absolute = resolve(path)
    try {
      return realpathSync(absolute)
    } catch {
      return join(system({ path }, () => realpathSync(dirname(absolute))), basename(absolute))
    }
  },

  resolve: (from, name) => resolve(dirname(from), name),

  besideName(path) {
    const tail = `.strata-${randomBytes(4).toString('hex')}`
    let name = basename(path)
    while (Buffer.byteLength(name) + tail.length + 1 > MAX_NAME) name = name.slice(0, -1)
    return join(dirname(path), `.${name}${tail}`)
  },

  copyMode(from, to) {
    system({ path: to }, () => chmodSync(to, statSync(from).mode & 0o7777))
  },

  free(path) {
    return system({ path }, () => {
      const stat = statfsSync(dirname(resolve(path)))
      return stat.bavail * stat.bsize
    })
  },
}

function opened(path: string, fd: number, writable: boolean): FileStorage {
  try {
    return new FileStorage(path, fd, writable)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function kindOf(stat: { isFile(): boolean; isDirectory(): boolean; isBlockDevice(): boolean }): FileFacts['kind'] {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'folder'
  return stat.isBlockDevice() ? 'device' : 'other'
}

function flushFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
