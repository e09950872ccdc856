import { beforeEach, describe, expect, it } from 'vitest'
import { type CallContext, createEngine, type Engine, unwatched } from '../../../../src/engine/index.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 2 ** 20

describe('snapshots in an image whose lower layers change', () => {
  let engine: Engine
  let platform: Parameters<typeof openDisk>[0]
  beforeEach(() => {
    platform = { files: new MemorySystem(), ...portable }
    engine = createEngine(undefined, platform)
    engine.create({ path: '/base', format: 'qcow2', size: SIZE, overwrite: false }, context)
    engine.create({ path: '/other', format: 'qcow2', size: SIZE, overwrite: false }, context)
    write('/base', 1, 0, SIZE)
    write('/other', 2, 0, SIZE)
    engine.create({ path: '/top', format: 'qcow2', backing: { name: 'base' }, overwrite: false }, context)
  })

  function write(path: string, byte: number, at: number, length: number): void {
    const disk = openDisk(platform, path, { ...context, writable: true })
    disk.writeAt(at, new Uint8Array(length).fill(byte))
    disk.close()
  }
  function firstByte(path: string, snapshot?: string): number | undefined {
    const disk = openDisk(platform, path, { ...context, snapshot })
    const bytes = new Uint8Array(1)
    disk.readAt(0, bytes)
    disk.close()
    return bytes[0]
  }
  const take = () => engine.snapshot({ path: '/top', action: { do: 'create', name: 'one' } }, context)
  const CHANGES = {
    commit: (force: boolean) => engine.commit({ path: '/top', changeSnapshots: force }, context),
    'rebase onto another base': (force: boolean) =>
      engine.rebase({ path: '/top', backing: { name: 'other' }, mode: 'safe', changeSnapshots: force }, context),
    flatten: (force: boolean) => engine.rebase({ path: '/top', backing: null, mode: 'safe', changeSnapshots: force }, context),
  }

  it.each(Object.entries(CHANGES))('that read what lies below refuse: %s', (_name, change) => {
    take()
    write('/top', 7, 0, SIZE)
    expect(() => change(false)).toThrow(/snapshot 'one'/)
    expect([firstByte('/top'), firstByte('/top', 'one'), firstByte('/base')]).toEqual([7, 1, 1])
    change(true)
    expect(firstByte('/top')).toBe(7)
    expect(firstByte('/top', 'one'), 'what the refusal speaks of').not.toBe(1)
  })

  it.each(Object.entries(CHANGES))('that hold all of their disk themselves stay as they are: %s', (_name, change) => {
    write('/top', 5, 0, SIZE)
    take()
    write('/top', 7, 0, SIZE)
    change(false)
    expect([firstByte('/top'), firstByte('/top', 'one')]).toEqual([7, 5])
  })
})
