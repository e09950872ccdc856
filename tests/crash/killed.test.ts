import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine } from '../../src/engine/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { native } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'
import { scratchFolder } from '../fixtures/scratch.ts'

/** How often a command is killed: `STRATA_KILLS=300` for the long run. */
const KILLS = Number(process.env['STRATA_KILLS'] ?? 15)
const SEED = Number(process.env['STRATA_SEED'] ?? 1)
const SIZE = 6 * 2 ** 20
const CLI = resolve('src/cli/index.ts')

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const platform = { files: nodeFileSystem, ...native }
const engine = createEngine()

function contentOf(path: string): Buffer {
  const disk = openDisk(platform, path, { gate: context.gate })
  const bytes = Buffer.alloc(disk.size)
  disk.readAt(0, bytes)
  disk.close()
  return bytes
}

/** An image with a snapshot, and an overlay on it that holds other bytes. */
function make(folder: string): void {
  const [base, top] = [join(folder, 'base.qcow2'), join(folder, 'top.qcow2')]
  const random = new Random(SEED)
  const write = (path: string, grain: number): void => {
    const disk = openDisk(platform, path, { gate: context.gate, writable: true })
    for (let at = 0; at + grain < SIZE; at += grain * 2) disk.writeAt(at, random.bytes(grain))
    disk.close()
  }
  engine.create({ path: base, format: 'qcow2', size: SIZE, qcow2: { clusterSize: 4096 }, overwrite: false }, context)
  write(base, 12_288)
  engine.snapshot({ path: base, action: { do: 'create', name: 'kept' } }, context)
  write(base, 40_960)
  engine.create(
    { path: top, format: 'qcow2', qcow2: { clusterSize: 4096 }, backing: { name: 'base.qcow2', format: 'qcow2' }, overwrite: false },
    context,
  )
  write(top, 20_480)
}

interface Command {
  name: string
  args: string[]
  /** what must be true when it was killed; `before` by file name */
  judge: (folder: string, before: Map<string, Buffer>) => void
}

const NAMES = ['base.qcow2', 'top.qcow2']

function assertSame(folder: string, before: Map<string, Buffer>, names = NAMES): void {
  for (const name of names) expect(Buffer.compare(contentOf(join(folder, name)), before.get(name)!), name).toBe(0)
}

const COMMANDS: Command[] = [
  {
    name: 'convert',
    args: ['convert', '-O', 'qcow2', 'top.qcow2', 'new.qcow2'],
    judge: (folder, before) => {
      assertSame(folder, before)
      if (!readdirSync(folder).includes('new.qcow2')) return
      expect(Buffer.compare(contentOf(join(folder, 'new.qcow2')), before.get('top.qcow2')!)).toBe(0)
    },
  },
  {
    name: 'commit',
    args: ['commit', 'top.qcow2'],
    judge: (folder, before) => {
      assertSame(folder, before, ['top.qcow2'])
      engine.commit({ path: join(folder, 'top.qcow2') }, context)
      expect(Buffer.compare(contentOf(join(folder, 'base.qcow2')), before.get('top.qcow2')!)).toBe(0)
    },
  },
  { name: 'snapshot -c', args: ['snapshot', '-c', 'new', 'base.qcow2'], judge: assertSame },
  {
    name: 'snapshot -a',
    args: ['snapshot', '-a', 'kept', '--force', 'base.qcow2'],
    judge: (folder, before) => {
      const now = contentOf(join(folder, 'base.qcow2'))
      expect([before.get('base.qcow2')!, before.get('kept')!].some((one) => one.equals(now))).toBe(true)
    },
  },
  { name: 'snapshot -d', args: ['snapshot', '-d', 'kept', 'base.qcow2'], judge: assertSame },
]

/** Runs a command, and kills it after so many milliseconds if it still runs. Answers whether it did, and how long it took. */
async function run(folder: string, args: string[], after?: number): Promise<{ killed: boolean; took: number }> {
  const began = performance.now()
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: 'ignore' })
  const ended = new Promise<{ killed: boolean; took: number }>((done, fail) => {
    child.on('exit', (code, signal) => {
      if (signal === null && code !== 0) fail(new Error(`${args.join(' ')} ends with ${code}`))
      done({ killed: signal === 'SIGKILL', took: performance.now() - began })
    })
  })
  if (after !== undefined) {
    await Promise.race([sleep(after), ended])
    child.kill('SIGKILL')
  }
  return ended
}

describe('a command that is killed at any moment', () => {
  it(
    'damages no image, and what it staged is gone after the next one',
    async () => {
      const [start, folder] = [scratchFolder(), join(scratchFolder(), 'work')]
      make(start)
      const before = new Map(NAMES.map((name) => [name, contentOf(join(start, name))]))
      const fresh = (): void => {
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder)
        for (const name of NAMES) copyFileSync(join(start, name), join(folder, name))
      }
      fresh()
      engine.snapshot({ path: join(folder, 'base.qcow2'), action: { do: 'apply', snapshot: 'kept' } }, context)
      before.set('kept', contentOf(join(folder, 'base.qcow2')))
      const { took: idle } = await run(folder, ['--version'])
      const random = new Random(SEED)
      const tally = { killed: 0, staged: 0, changed: 0 }
      for (let i = 0, whole: number[] = []; i < KILLS; i++) {
        const { args, judge, name } = COMMANDS[i % COMMANDS.length]!
        fresh()
        whole[i % COMMANDS.length] ??= (await run(folder, args)).took
        fresh()
        // On a machine whose load comes and goes, the start alone may have taken longer than all of a command now.
        const work = Math.max(50, 0.95 * whole[i % COMMANDS.length]! - idle * 0.8)
        const { killed } = await run(folder, args, idle * 0.8 + random.below(work))
        if (killed) tally.killed++
        if (readdirSync(folder).some((file) => file.startsWith('.'))) tally.staged++
        if (NAMES.some((file) => !readFileSync(join(folder, file)).equals(readFileSync(join(start, file))))) tally.changed++
        for (const file of readdirSync(folder).filter((file) => !file.startsWith('.'))) {
          const { corruptions, checkErrors } = engine.check({ path: join(folder, file) }, context)
          const dirty = engine.info({ path: join(folder, file) }, context).layers[0]!.dirty
          if (dirty) engine.snapshot({ path: join(folder, file), action: { do: 'create', name: 'mends' } }, context)
          else expect({ corruptions, checkErrors }, `${name}: ${file}`).toEqual({ corruptions: 0, checkErrors: 0 })
        }
        judge(folder, before)
        for (const file of NAMES)
          expect(engine.check({ path: join(folder, file) }, context)).toMatchObject({ corruptions: 0, checkErrors: 0 })
        engine.create({ path: join(folder, 'next.raw'), format: 'raw', size: 512, overwrite: false }, context)
        expect(readdirSync(folder).filter((file) => file.startsWith('.'))).toEqual([])
      }
      if (KILLS > 15) process.stdout.write(`seed ${SEED}: ${JSON.stringify(tally)}\n`)
      expect(tally.killed).toBeGreaterThan(0)
    },
    120_000 + KILLS * 10_000,
  )
})
