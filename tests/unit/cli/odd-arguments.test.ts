import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readImageName } from '../../../src/cli/image-name.ts'
import { strata } from '../../../src/cli/strata.ts'
import { recordingTerminal } from '../../fixtures/recording-terminal.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const ENTRY = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'index.ts')

describe('bytes that are no text', () => {
  it
    .skipIf(process.platform === 'win32')
    .each([
      `create -f raw "$(printf 'x\\377.raw')" 1M`,
      `create -f raw "$(printf 'x\\303\\050.raw')" 1M`,
      `create -f qcow2 -o "backing_fmt=raw,backing_file=$(printf 'x\\200')" -u y.qcow2 1M`,
    ])('%s: make no file under another name (needs sh)', (command) => {
    const folder = scratchFolder()
    const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${ENTRY}" ${command}`], { cwd: folder, encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^strata: Argument \d is not valid UTF-8\n$/)
    expect(readdirSync(folder)).toEqual([])
  })

  it('are not repeated: they may be of a passphrase', async () => {
    const terminal = recordingTerminal()
    expect(await strata(['info', '--object', 'secret,id=s,data=hunter\uFFFD', 'x'], terminal)).toBe(1)
    expect(terminal.complaints).toBe('strata: Argument 3 is not valid UTF-8\n')
  })
})

describe('names that no file can have', () => {
  it.each([
    ['', false, "Could not open '': The 'file' block driver requires a file name"],
    ['driver=raw,file.filename=', true, "The 'file' block driver requires a file name"],
    ['driver=file', true, "The 'file' block driver requires a file name"],
    ['json:{"driver":"raw","file.filename":"a\\u0000b"}', false, 'The name is not one that a file can have'],
    ['json:{"driver":"raw","file.filename":"a\\ud800b"}', false, 'The name is not one that a file can have'],
  ])('%j is refused', (name, asOptions, message) => {
    expect(() => readImageName(name, asOptions)).toThrow(message)
  })
})
