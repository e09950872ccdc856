import { describe, expect, it } from 'vitest'
import type { AmendChanges } from '../../../../src/shared/requests.ts'
import { StrataError } from '../../../../src/shared/errors.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, type Job, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 512
const SIZE = CLUSTER * 400

/** An image with data, zeros over its backing file, and two snapshots that share some of it. */
function bench() {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  const random = new Random(11)
  engine.create({ path: '/base', format: 'raw', size: SIZE, overwrite: false }, context)
  const base = openDisk(platform, '/base', { ...context, format: 'raw', writable: true })
  base.writeAt(0, random.bytes(SIZE))
  base.close()
  const qcow2 = { clusterSize: CLUSTER }
  engine.create({ path: '/disk', format: 'qcow2', backing: { name: 'base', format: 'raw' }, qcow2, overwrite: false }, context)
  for (const name of ['one', 'two', undefined]) {
    const disk = openDisk(platform, '/disk', { ...context, writable: true })
    for (let i = 0; i < 40; i++) {
      const at = CLUSTER * random.below(390)
      if (random.below(2) === 0) disk.writeAt(at, random.bytes(CLUSTER))
      else disk.zeroAt(at, CLUSTER * 3)
    }
    if (name !== undefined) disk.driver.snapshots!.create({ name, dateSeconds: 0, dateNanoseconds: 0 }, unwatched)
    disk.close()
  }
  const contents = (): Uint8Array[] => {
    return [undefined, 'one', 'two'].map((name) => {
      const disk = openDisk(platform, '/disk', context)
      const bytes = new Uint8Array(SIZE)
      if (name === undefined) disk.readAt(0, bytes)
      else {
        const driver = disk.driver.snapshots!.open(name)
        for (let at = 0; at < SIZE; at += CLUSTER) {
          const extent = driver.locate(at, CLUSTER)
          const part = bytes.subarray(at, at + CLUSTER)
          if (extent.kind === 'data') extent.storage.readAt(extent.at, part)
          else if (extent.kind === 'below') disk.below!.readAt(at, part)
        }
      }
      disk.close()
      return bytes
    })
  }
  const amend = (changes: AmendChanges, job: Job = unwatched) => engine.amend({ path: '/disk', changes }, { ...context, job }).info
  const assertSound = () => expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
  return { engine, platform, amend, contents, assertSound }
}

describe('amend', () => {
  const CHANGES: AmendChanges[] = [
    { compat: '0.10' },
    { lazyRefcounts: true },
    { refcountBits: 2 },
    { refcountBits: 64, lazyRefcounts: true },
    { size: SIZE * 2 },
  ]
  it.each(CHANGES)('keeps the disk and its snapshots: %o, and back', (changes) => {
    const { amend, contents, assertSound } = bench()
    const before = contents()
    expect(amend(changes)).toMatchObject('size' in changes ? { virtualSize: SIZE * 2 } : { qcow2: changes })
    expect(contents()).toEqual(before)
    assertSound()
    amend({ compat: '1.1', refcountBits: 16, lazyRefcounts: false })
    expect(contents()).toEqual(before)
    assertSound()
  })

  it.each([1, 2, 3, 5])('stopped at checkpoint %i leaves a sound image with the same content', (n) => {
    const { amend, contents, engine } = bench()
    const before = contents()
    for (const changes of [{ refcountBits: 32 }, { compat: '0.10' }] as const) {
      let seen = 0
      const job: Job = {
        checkpoint() {
          if (++seen === n) throw new StrataError('CANCELLED', 'Cancelled')
        },
        report() {},
      }
      codeOf(() => amend(changes, job))
      expect(contents()).toEqual(before)
      expect(engine.check({ path: '/disk' }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
      if (seen < n) break
    }
  })

  it('names another backing file, or none: then what was not written reads as zeros', () => {
    const { amend, platform } = bench()
    expect(amend({ backing: { name: './base', format: 'raw' } })).toMatchObject({ backingName: './base', backingFormat: 'raw' })
    expect(amend({ backing: null }).backingName).toBeUndefined()
    const disk = openDisk(platform, '/disk', context)
    expect(disk.below).toBeUndefined()
    disk.close()
  })

  it.each([
    [{ refcountBits: 1 }, 'UNSUPPORTED'],
    [{ refcountBits: 12 }, 'INVALID_ARGUMENT'],
    [{ compat: '0.10', refcountBits: 8 }, 'INVALID_ARGUMENT'],
    [{ dataFile: 'x' }, 'INVALID_ARGUMENT'],
    [{ dataFileRaw: true }, 'INVALID_ARGUMENT'],
    [{ size: 1000 }, 'INVALID_ARGUMENT'],
    [{ size: 512 }, 'INVALID_ARGUMENT'],
    [{ compat: '0.10', size: SIZE * 2 }, 'UNSUPPORTED'],
    [{ backing: { name: 'x'.repeat(600) } }, 'INVALID_ARGUMENT'],
  ] as [AmendChanges, string][])('refuses %o and changes nothing', (changes, code) => {
    const { amend, platform } = bench()
    const bytes = (): Uint8Array => {
      const storage = platform.files.open('/disk', false)
      const all = new Uint8Array(storage.size)
      storage.readAt(0, all)
      storage.close()
      return all
    }
    const before = bytes()
    expect(codeOf(() => amend(changes))).toBe(code)
    expect(bytes()).toEqual(before)
  })
})
