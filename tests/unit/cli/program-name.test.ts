import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { programName } from '../../../src/cli/program-name.ts'
import { strata } from '../../../src/cli/strata.ts'
import { VERBS } from '../../../src/cli/verbs.ts'
import { recordingTerminal } from '../../fixtures/recording-terminal.ts'

describe('programName', () => {
  it.each([
    [undefined, 'strata'],
    ['', 'strata'],
    ['qemu-img', 'qemu-img'],
    ['/usr/local/bin/qemu-img', 'qemu-img'],
    ['C:\\tools\\qemu-img.exe', 'qemu-img'],
    ['bin/strata.js', 'strata'],
    ['disk tool', 'strata'],
    ['a\nb', 'strata'],
    ['\u001b[31m', 'strata'],
    ['é', 'é'],
    ['x'.repeat(65), 'strata'],
    ['bin/', 'strata'],
  ])('%j is said as %s', (given, name) => {
    expect(programName(given)).toBe(name)
  })
})

describe('messages', () => {
  afterEach(() => vi.unstubAllEnvs())

  async function saidAs(name: string, args: readonly string[]) {
    vi.stubEnv('STRATA_PROGRAM_NAME', name)
    const terminal = recordingTerminal()
    const exit = await strata(args, terminal)
    return { exit, out: terminal.printed, err: terminal.complaints }
  }

  it('carry the name it was started under, on every line that begins with one', async () => {
    const { exit, err } = await saidAs('qemu-img', ['create', 'x', '1z'])
    expect(exit).toBe(1)
    expect(err).toBe(
      'qemu-img: Invalid image size specified. You may use k, M, G, T, P or E suffixes for\n' +
        'qemu-img: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.\n',
    )
  })

  it('point at the help of the program that was called', async () => {
    expect((await saidAs('qemu-img', ['nosuch'])).err).toBe(
      "qemu-img: Command not found: nosuch\nTry 'qemu-img --help' for more information\n",
    )
    expect((await saidAs('qemu-img', ['--help'])).out).toMatch(/^usage: qemu-img VERB/)
  })

  it.each(Object.keys(VERBS))('%s: its help is that of the program that was called', async (verb) => {
    expect((await saidAs('disk-tool', [verb, '--help'])).out).toMatch(new RegExp(`^usage: disk-tool ${verb} `))
  })
})

describe('the process', () => {
  it('says the name that the environment gives it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'strata-name-'))
    const entry = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'index.ts')
    const env = { ...process.env, STRATA_PROGRAM_NAME: 'qemu-img' }
    const { stderr, status } = spawnSync(process.execPath, [entry, 'info', 'missing'], { cwd: folder, env, encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect([status, stderr]).toEqual([1, "qemu-img: Could not open 'missing': Could not open 'missing': No such file or directory\n"])
  })
})
