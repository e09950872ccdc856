import { createHash, randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errnoOf } from './errno.node.ts'

const STAGED = /^\..*\.strata-([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{8}$/s

/** The end of a name for a file that this process stages: it tells whose it is, so that another one can tell when nobody is left who wants it. */
export function stagedTail(): string {
  return `.strata-${place()}${process.pid.toString(16).padStart(8, '0')}${randomBytes(4).toString('hex')}`
}

/** Whether a file of this name (without its folder) was staged on this machine by a process that has ended since. */
export function isAbandoned(name: string): boolean {
  const [, of, pid] = STAGED.exec(name) ?? []
  return pid !== undefined && of === place() && hasEnded(Number.parseInt(pid, 16))
}

/** Where a process number means the same process: this machine, and in a container that container. Others may share the folder. */
function place(): string {
  let numbers = ''
  try {
    numbers = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Only Linux has several sets of process numbers on one machine.
  }
  return createHash('sha256').update(`${hostname()}\n${numbers}`).digest('hex').slice(0, 8)
}

function hasEnded(pid: number): boolean {
  if (pid === 0) return false // means a whole group of processes
  try {
    process.kill(pid, 0) // asks only whether it is there
    return false
  } catch (error) {
    return errnoOf(error) === 'ESRCH'
  }
}
