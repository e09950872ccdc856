import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../../src/engine/index.ts'
import { Random } from '../../fixtures/random.ts'

const ENTRY = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'index.ts')

describe('the process', { timeout: 60_000 }, () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-cli-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A disk that takes seconds to compress. */
  function layLargeDisk(): void {
    const bytes = new Random(1).bytes(2 ** 20)
    const fd = openSync(join(folder, 'large.raw'), 'w')
    for (let i = 0; i < 200; i++) writeSync(fd, bytes)
    closeSync(fd)
  }

  /** Starts a long conversion and waits until its bar moves. */
  async function startConversion(): Promise<ChildProcess> {
    layLargeDisk()
    const args = [ENTRY, 'convert', '-p', '-c', '-f', 'raw', '-O', 'qcow2', 'large.raw', 'target.qcow2']
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return child
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s stops a job, leaves nothing of it behind, and ends with %d', async (signal, code) => {
    const child = await startConversion()
    child.kill(signal)
    const [exit] = (await once(child, 'close')) as [number | null]
    expect(exit).toBe(code)
    expect(readdirSync(folder)).toEqual(['large.raw'])
  })

  it('a second Ctrl-C ends the program too', async () => {
    const child = await startConversion()
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    child.kill('SIGINT')
    await wait(1)
    child.kill('SIGINT')
    const [code, signal] = await closed
    // Ended by the signal itself, which a shell calls 130, or by what the first one asked for.
    expect(signal === 'SIGINT' ? 130 : code).toBe(130)
  })

  it('prints all of a long output into a pipe, to a reader that takes its time', () => {
    const layers = 120
    const engine = createEngine()
    for (let i = 0; i < layers; i++) {
      const lower = i === 0 ? {} : { backing: { name: `${i - 1}.qcow2`, format: 'qcow2' } }
      const request = { path: join(folder, `${i}.qcow2`), format: 'qcow2', size: 2 ** 20, overwrite: false, ...lower } as const
      engine.create(request, { gate: { kind: 'follow' }, job: unwatched })
    }
    const info = `"${process.execPath}" "${ENTRY}" info --backing-chain --output=json ${layers - 1}.qcow2`
    const { stdout } = spawnSync('sh', ['-c', `${info} | (sleep 0.5; cat)`], { cwd: folder, encoding: 'utf8' })
    expect(stdout.length).toBeGreaterThan(2 ** 16)
    expect(JSON.parse(stdout)).toHaveLength(layers)
  })

  it('takes a reader that has read enough for no error', () => {
    const { stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${ENTRY}" --help | head -c 1`], { cwd: folder })
    expect(stderr.toString()).toBe('')
  })

  it('says one line and ends with 1 when something is wrong', () => {
    writeFileSync(join(folder, 'x'), '')
    const { stdout, stderr, status } = spawnSync(process.execPath, [ENTRY, 'info', '-f', 'qcow2', 'x'], { cwd: folder })
    expect([stdout.toString(), status]).toEqual(['', 1])
    expect(stderr.toString()).toMatch(/^strata: Could not open 'x': .+\n$/)
  })
})
