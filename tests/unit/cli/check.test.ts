import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createEngine, unwatched } from '../../../src/engine/index.ts'
import { command } from '../../fixtures/image-family.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

/** An empty disk whose first cluster of all counts as free, and one that nobody uses as used. */
function damaged(): string {
  const path = join(scratchFolder(), 'disk.qcow2')
  createEngine().create({ path, format: 'qcow2', size: 2 ** 20, overwrite: false }, { gate: { kind: 'follow' }, job: unwatched })
  const image = Buffer.concat([readFileSync(path), Buffer.alloc(65536)])
  const block = Number(image.readBigUInt64BE(Number(image.readBigUInt64BE(48))))
  image.writeUInt16BE(0, block)
  image.writeUInt16BE(1, block + (Math.ceil(image.length / 65536) - 1) * 2)
  writeFileSync(path, image)
  return path
}

it('check --dry-run says what a repair would do and does nothing; check -r does it', async () => {
  const path = damaged()
  const before = { bytes: readFileSync(path), time: statSync(path).mtimeMs }
  expect(await command('check', path)).toMatchObject({ exit: 2 })
  const tried = await command('check', '-r', 'all', '--dry-run', path)
  expect(tried).toMatchObject({
    exit: 0,
    out: expect.stringContaining('would be repaired:\n\n    1 leaked clusters\n    1 corruptions') as string,
  })
  expect(tried.err).toContain('Repairing cluster 0 refcount=0 reference=1')
  expect(readFileSync(path).equals(before.bytes)).toBe(true)
  expect(statSync(path).mtimeMs).toBe(before.time)
  const mended = await command('check', '-r', 'all', path)
  expect(mended).toMatchObject({ exit: 0, err: tried.err, out: expect.stringContaining('found and repaired:') as string })
  expect(await command('check', path)).toMatchObject({ exit: 0, err: '' })
})

it('check --dry-run is of a repair', async () => {
  expect(await command('check', '--dry-run', damaged())).toMatchObject({ exit: 1, err: expect.stringContaining('-r') as string })
})
