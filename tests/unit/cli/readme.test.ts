import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasProgram } from '../../fixtures/programs.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ENTRY = join(ROOT, 'src', 'cli', 'index.ts')

/** The commands that the README shows for the terminal, as they stand there. */
function shown(): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('\n## In the terminal\n'))
  const block = /```sh\n([^]*?)```/.exec(section)?.[1] ?? ''
  return block.split('\n').filter((line) => line !== '')
}

describe.skipIf(process.platform === 'win32')("the README's commands (needs sh)", () => {
  it('are ten, and run as shown, one after the other', { timeout: 60_000 }, () => {
    const lines = shown()
    expect(lines).toHaveLength(10)
    const scratch = scratchFolder()
    const [bin, work] = [join(scratch, 'bin'), join(scratch, 'work')]
    for (const folder of [bin, work]) mkdirSync(folder)
    writeFileSync(join(bin, 'strata'), `#!/bin/sh\nexec "${process.execPath}" "${ENTRY}" "$@"\n`)
    chmodSync(join(bin, 'strata'), 0o755)
    // Ten processes start from the same files; Node keeps what it compiled of them in its usual place.
    const cache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'node-compile-cache')
    const env = { ...process.env, NODE_COMPILE_CACHE: cache, PATH: [bin, process.env['PATH'] ?? ''].join(delimiter) }
    for (const line of lines) {
      const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: work, env, encoding: 'utf8' })
      expect([line, status, stderr]).toEqual([line, 0, ''])
    }
    if (hasProgram('qemu-img'))
      for (const name of ['disk.qcow2', 'small.qcow2', 'overlay.qcow2'])
        expect(spawnSync('qemu-img', ['check', name], { cwd: work, encoding: 'utf8' }).stdout).toContain('No errors were found')
  })
})
