import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem as files } from '../../../../src/engine/io/file-system.node.ts'
import { isAbandoned, stagedTail } from '../../../../src/engine/io/staged-name.node.ts'
import { scratchFolder } from '../../../fixtures/scratch.ts'

/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ['--version']).pid

function withPid(tail: string, pid: number): string {
  return tail.slice(0, 16) + pid.toString(16).padStart(8, '0') + tail.slice(24)
}

describe('a staged file', () => {
  it('is abandoned when its process has ended, and on no other machine', () => {
    const tail = stagedTail()
    const left = withPid(tail, gone)
    expect(isAbandoned(`.disk.qcow2${tail}`)).toBe(false)
    expect(isAbandoned(`.disk.qcow2${left}`)).toBe(true)
    expect(isAbandoned(`.${left}`)).toBe(true)
    const elsewhere = left.slice(0, 8) + (left[8] === '0' ? '1' : '0') + left.slice(9)
    for (const name of [
      `disk.qcow2${left}`,
      `.disk.qcow2${left}.bak`,
      `.disk${elsewhere}`,
      `.disk${withPid(tail, 0)}`,
      '.disk.strata-0123456789ab',
    ])
      expect(isAbandoned(name), name).toBe(false)
  })

  it('that was abandoned is removed from its folder, and nothing else', () => {
    const folder = scratchFolder()
    const mine = basename(files.besideName(join(folder, 'disk')))
    const left = `.disk${withPid(stagedTail(), gone)}`
    const asFolder = `.other${withPid(stagedTail(), gone)}`
    for (const name of [mine, left, 'disk']) writeFileSync(join(folder, name), 'bytes')
    mkdirSync(join(folder, asFolder))
    files.removeAbandoned(join(folder, 'disk'))
    expect([mine, 'disk', asFolder].map((name) => existsSync(join(folder, name)))).toEqual([true, true, true])
    expect(existsSync(join(folder, left))).toBe(false)
    files.removeAbandoned(join(folder, 'no such folder', 'disk'))
  })
})
