import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDisk } from '../../../src/engine/device/open.ts'
import { createEngine, unwatched } from '../../../src/engine/index.ts'
import { nodeFileSystem } from '../../../src/engine/io/file-system.node.ts'
import { command } from '../../fixtures/image-family.ts'
import { Random } from '../../fixtures/random.ts'
import { native } from '../../fixtures/platform.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const gate = { kind: 'follow' } as const

/** A disk of 8 MiB: one of text, four of zeros that were written. */
function disk(): string {
  const path = join(scratchFolder(), 'disk.qcow2')
  createEngine().create({ path, format: 'qcow2', size: 2 ** 23, overwrite: false }, { gate, job: unwatched })
  const disk = openDisk({ files: nodeFileSystem, ...native }, path, { gate, writable: true })
  disk.writeAt(0, new Random(1).text(2 ** 20))
  disk.writeAt(2 ** 21, new Uint8Array(2 ** 22))
  disk.close()
  return path
}

const numbers = async (...args: string[]) =>
  JSON.parse((await command('compact', '--output', 'json', ...args)).out) as { 'size-before': number; 'size-after': number; zeros: number }

it('says first what would be won and changes nothing, then does it, and the next time finds nothing', async () => {
  const path = disk()
  const before = { bytes: readFileSync(path), time: statSync(path).mtimeMs }
  const told = await command('compact', '--dry-run', path)
  expect(told).toMatchObject({ exit: 0, err: '', out: expect.stringContaining('would give back about 4 MiB') as string })
  expect(told.out).toContain('zeros: 4 MiB')
  expect(readFileSync(path).equals(before.bytes)).toBe(true)
  expect(statSync(path).mtimeMs).toBe(before.time)
  const done = await command('compact', '-p', path)
  expect(done).toMatchObject({ exit: 0, err: '', out: expect.stringContaining('(100.00/100%)\r\n') as string })
  expect(done.out).toContain(`'${path}' gave back 4 MiB`)
  expect(await numbers(path)).toMatchObject({ zeros: 0 })
  expect((await command('compact', path)).out).toContain('gave back nothing')
})

it('rewrites, and compresses', async () => {
  const path = disk()
  const told = await numbers('--rewrite', '-c', '--dry-run', path)
  expect(told['size-after']).toBeLessThan(told['size-before'] / 4)
  expect(await command('compact', '--rewrite', '-c', '-q', path)).toMatchObject({ exit: 0, out: '', err: '' })
  expect(statSync(path).size).toBeLessThan(2 ** 20)
  expect(await command('check', path)).toMatchObject({ exit: 0 })
})

it.each([
  [['-c', 'disk.qcow2'], '-c is of a rewrite'],
  [[], 'Expecting one image file name'],
  [['a', 'b'], 'Expecting one image file name'],
  [['--output=xml', 'disk.qcow2'], '--output must be used with human or json'],
  [['--level', 'disk.qcow2'], "unrecognized option '--level'"],
  [['missing.qcow2'], 'No such file or directory'],
  [['-f', 'vmdk', 'disk.qcow2'], "Unknown driver 'vmdk'"],
])('refuses %j', async (args, why) => {
  expect(await command('compact', ...args)).toMatchObject({ exit: 1, out: '', err: expect.stringContaining(why) as string })
})
