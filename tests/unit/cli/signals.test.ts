import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Random } from '../../fixtures/random.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ENTRY = join(ROOT, 'src', 'cli', 'index.ts')

/** How far the work is, as a line of its own. */
const ANSWER = /^ {4}\(\d+\.\d\d\/100%\)\n$/

describe.skipIf(process.platform === 'win32')('signals (Windows has none)', { timeout: 60_000 }, () => {
  let scratch: string
  let folder: string
  let launcher: string

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'strata-signals-'))
    launcher = layLauncher(scratch)
    const bytes = new Random(1).bytes(2 ** 20)
    const fd = openSync(join(scratch, 'large.raw'), 'w')
    for (let i = 0; i < 200; i++) writeSync(fd, bytes)
    closeSync(fd)
  })
  beforeEach(() => {
    folder = mkdtempSync(join(scratch, 'work-'))
  })
  afterAll(() => rmSync(scratch, { recursive: true }))

  /** Starts a conversion that takes seconds, and waits until its work is under way: a new file is there. */
  async function startConversion(program: string, ...options: string[]) {
    const args = ['convert', ...options, '-c', '-f', 'raw', '-O', 'qcow2', join(scratch, 'large.raw'), 'target.qcow2']
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.on('data', (bytes: Buffer) => (said.out += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => (said.err += bytes.toString()))
    while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    return { child, said }
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('the launcher hands %s on: the job stops, leaves nothing behind, and the exit code is %d', async (signal, code) => {
    const { child, said } = await startConversion(launcher)
    child.kill(signal)
    expect(await exitOf(child)).toBe(code)
    expect(said.err).toBe('')
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['the command', () => ENTRY, []],
    ['the launcher, beside its bar', () => launcher, ['-p']],
  ])('SIGUSR1 asks %s how far it is, and the job goes on', async (_kind, program, options) => {
    const { child, said } = await startConversion(program(), ...options)
    child.kill('SIGUSR1')
    await once(child.stderr, 'data')
    expect(said.err).toMatch(ANSWER)
    expect(child.exitCode).toBeNull()
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(143)
    expect(said.err).toMatch(ANSWER)
    expect(readdirSync(folder)).toEqual([])
  })

  it('the launcher says the name of the link that started it, and hands the exit code on', () => {
    const link = join(folder, 'qemu-img')
    symlinkSync(launcher, link)
    const { status, stderr } = spawnSync(process.execPath, [link, 'nosuch'], { cwd: folder, encoding: 'utf8' })
    expect([status, stderr]).toEqual([1, "qemu-img: Command not found: nosuch\nTry 'qemu-img --help' for more information\n"])
  })
})

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

/** The launcher as it is shipped, beside a command that is the source instead of a build of it. */
function layLauncher(scratch: string): string {
  for (const name of ['bin/strata.js', 'scripts/run.mjs', 'scripts/node24.mjs']) {
    mkdirSync(join(scratch, 'app', name, '..'), { recursive: true })
    copyFileSync(join(ROOT, name), join(scratch, 'app', name))
  }
  mkdirSync(join(scratch, 'app', 'out', 'main'), { recursive: true })
  writeFileSync(join(scratch, 'app', 'out', 'main', 'cli.js'), `import ${JSON.stringify(pathToFileURL(ENTRY).href)}\n`)
  writeFileSync(join(scratch, 'app', 'package.json'), '{ "type": "module" }\n')
  return join(scratch, 'app', 'bin', 'strata.js')
}
