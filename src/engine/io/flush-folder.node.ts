import { closeSync, fsyncSync, openSync } from 'node:fs'
import { errnoOf, fromErrno } from './errno.node.ts'

/** What a folder answers that may be written but not read, or whose file system (a network's, say) flushes by itself. */
const UNFLUSHABLE: (string | undefined)[] = ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP']

/** Brings the names in a folder to stable storage: a new name, or one that is gone, is there for good only once its folder is. */
export function flushFolder(folder: string): void {
  if (process.platform === 'win32') return // there folders can't be flushed, and the file system keeps a journal of names
  try {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!UNFLUSHABLE.includes(errnoOf(error))) throw fromErrno(error, { path: folder })
  }
}
