import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { Random } from '../fixtures/random.ts'

const context = { gate: { kind: 'follow' }, job: unwatched } as const
const engine = createEngine()
const folder = mkdtempSync(join(tmpdir(), 'strata-drive-'))
const drive = join(folder, 'drive')

/** A drive of 2 MiB, held in memory; only root may mount one. */
function mounted(): boolean {
  mkdirSync(drive)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'strata-test', drive], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const hasDrive = mounted()

describe.skipIf(!hasDrive)('a small drive (needs the right to mount one)', () => {
  const source = join(folder, 'source.raw')
  const target = join(drive, 'target.qcow2')
  beforeAll(() => writeFileSync(source, new Random(1).bytes(4 * 2 ** 20)))
  afterAll(() => execFileSync('umount', [drive]))

  it('that fills up during a conversion is told, and is as it was before', () => {
    writeFileSync(target, 'an older file')
    const run = () => engine.convert({ source: { path: source }, target: { path: target, format: 'qcow2' }, overwrite: true }, context)
    const told = {
      code: 'NO_SPACE',
      hint: expect.stringContaining('space') as string,
      where: expect.objectContaining({ path: target }) as object,
    }
    expect(run).toThrow(expect.objectContaining(told))
    expect(readdirSync(drive)).toEqual(['target.qcow2'])
    expect(readFileSync(target, 'utf8')).toBe('an older file')
  })

  it('that fills up while a disk on it is written leaves the disk readable', () => {
    const disk = join(drive, 'target.qcow2')
    engine.create({ path: disk, format: 'qcow2', size: 2 ** 30, overwrite: true }, context)
    expect(() => engine.resize({ path: disk, size: 2 ** 34, preallocation: 'metadata' }, context)).toThrow(
      expect.objectContaining({ code: 'NO_SPACE' }),
    )
    expect(engine.check({ path: disk }, context)).toMatchObject({ corruptions: 0, checkErrors: 0 })
    expect(engine.info({ path: disk }, context).layers[0]?.virtualSize).toBe(2 ** 30)
  })

  it('that may only be read is told, and nothing appears on it', () => {
    execFileSync('mount', ['-o', 'remount,ro', drive])
    const before = readdirSync(drive)
    const create = () => engine.create({ path: join(drive, 'new.qcow2'), format: 'qcow2', size: 2 ** 20, overwrite: false }, context)
    expect(create).toThrow(expect.objectContaining({ code: 'DENIED' }))
    const resize = () => engine.resize({ path: target, size: 2 ** 31 }, context)
    expect(resize).toThrow(expect.objectContaining({ code: 'DENIED' }))
    expect(readdirSync(drive)).toEqual(before)
  })
})

afterAll(() => rmSync(folder, { recursive: true }))
