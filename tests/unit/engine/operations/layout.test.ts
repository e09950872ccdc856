import { expect, it } from 'vitest'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { GuestDisk, LINUX, writeExt4, writeGpt } from '../../../fixtures/guest-disk.ts'
import { portable } from '../../../fixtures/platform.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const MIB = 2 ** 20
const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }

/** A raw disk with a table, and an overlay on it that holds the file system. */
function chain() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  const guest = new GuestDisk(8 * MIB)
  writeGpt(guest, { partitions: [{ first: 2048, last: 8191 }] })
  engine.create({ path: '/base.raw', format: 'raw', size: 8 * MIB, overwrite: false }, context)
  const base = platform.files.open('/base.raw', true)
  base.writeAt(0, guest.bytes())
  base.close()
  engine.create({ path: '/top', format: 'qcow2', backing: { name: 'base.raw', format: 'raw' }, overwrite: false }, context)
  const write = (at: number, bytes: Uint8Array): void => {
    const disk = openDisk(platform, '/top', { ...context, writable: true })
    disk.writeAt(at, bytes)
    disk.close()
  }
  const part = new GuestDisk(65536)
  writeExt4(part, 0, 768)
  write(MIB, part.bytes())
  return { engine, platform, write }
}

it('reads table and file systems through the chain', () => {
  const { engine, platform } = chain()
  expect(engine.layout({ path: '/top' }, context)).toMatchObject({
    size: 8 * MIB,
    table: 'gpt',
    partitions: [{ start: MIB, length: 3 * MIB, type: LINUX, fileSystem: { kind: 'ext4', label: 'root', size: 3 * MIB } }],
    lastUsedByte: 4 * MIB + 33 * 512,
    problems: [],
  })
  expect(engine.layout({ path: '/base.raw', format: 'raw' }, context).partitions[0]).not.toHaveProperty('fileSystem')
  expect(platform.files.openHandles).toBe(0)
})

it('reads a snapshot as it was', () => {
  const { engine, write } = chain()
  engine.snapshot({ path: '/top', action: { do: 'create', name: 'before' } }, context)
  write(MIB, new Uint8Array(65536))
  expect(engine.layout({ path: '/top' }, context).partitions[0]).not.toHaveProperty('fileSystem')
  expect(engine.layout({ path: '/top', snapshot: 'before' }, context).partitions).toMatchObject([{ fileSystem: { kind: 'ext4' } }])
})

it('says that the table’s backup stays behind when the disk grows', () => {
  const { engine } = chain()
  engine.resize({ path: '/top', size: 16 * MIB }, context)
  expect(engine.layout({ path: '/top' }, context)).toMatchObject({ size: 16 * MIB, problems: [expect.stringContaining('not at the end')] })
})

it('throws only what can’t be opened or read', () => {
  const { engine, platform } = chain()
  expect(codeOf(() => engine.layout({ path: '/none' }, context))).toBe('NOT_FOUND')
  expect(platform.files.openHandles).toBe(0)
})
