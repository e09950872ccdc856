import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { foreignFormat } from '../engine/index.ts'

/** Names that disk images have. What is in the file decides then. */
const ENDINGS = ['.qcow2', '.qcow', '.img', '.raw', '.iso', '.bin', '.dd']
/** Names that many other things have: such a file must say that it is a disk. */
const VAGUE = ['.bin', '.dd']
const SECTOR = 512
const HEAD = 1024

/** Whether a name in a folder may be that of a disk image: not hidden, with an image's ending. Files that are still being written have others. */
export function namesImage(name: string): boolean {
  return !name.startsWith('.') && ENDINGS.includes(extname(name).toLowerCase())
}

/**
 * Whether a regular file holds a disk image that Strata reads: qcow2 by its first bytes; else whole sectors that say they are nothing
 * else, and, where the name is vague, end their first sector as a boot sector does. False for what can't be read.
 */
export async function isImage(path: string): Promise<boolean> {
  try {
    // Neither a pipe nor a link that took the file's place is waited for or followed; where a system lacks a flag, it counts as 0.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    try {
      const facts = await file.stat()
      if (!facts.isFile()) return false
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0)
      return holdsDisk(buffer.subarray(0, bytesRead), facts.size, extname(path).toLowerCase())
    } finally {
      await file.close()
    }
  } catch {
    return false
  }
}

function holdsDisk(head: Uint8Array, size: number, ending: string): boolean {
  if (head[0] === 0x51 && head[1] === 0x46 && head[2] === 0x49 && head[3] === 0xfb) return true
  if (ending.startsWith('.qcow') || size < SECTOR || size % SECTOR !== 0 || foreignFormat(head) !== undefined) return false
  return !VAGUE.includes(ending) || (head[510] === 0x55 && head[511] === 0xaa)
}
