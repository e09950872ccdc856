import { describe, expect, it } from 'vitest'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 2 ** 20

/** Tells how many bytes are read. */
class CountedReads extends StorageDecorator {
  readonly #tell: (bytes: number) => void

  constructor(inner: Storage, tell: (bytes: number) => void) {
    super(inner)
    this.#tell = tell
  }

  override readAt(at: number, into: Uint8Array): void {
    this.#tell(into.length)
    super.readAt(at, into)
  }
}

function bench() {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  const make = (path: string, format: 'raw' | 'qcow2', size: number, writes: [at: number, bytes: Uint8Array][] = []): void => {
    engine.create({ path, format, size, overwrite: false }, context)
    const disk = openDisk(platform, path, { ...context, format, writable: true })
    for (const [at, bytes] of writes) disk.writeAt(at, bytes)
    disk.close()
  }
  const compare = (left: string, right: string, strict = false) =>
    engine.compare({ left: { path: left }, right: { path: right }, strict }, context)
  return { engine, platform, make, compare }
}

describe('compare', () => {
  it('finds the same content in another format, whatever is allocated', () => {
    const { make, compare } = bench()
    const bytes = new Random(1).bytes(70_000)
    make('/a', 'raw', SIZE, [
      [1000, bytes],
      [500_000, new Uint8Array(4096)],
    ])
    make('/b', 'qcow2', SIZE, [[1000, bytes]])
    expect(compare('/a', '/b')).toEqual({ same: true, sizesDiffer: false })
  })

  it('names the first byte that differs', () => {
    const random = new Random(2)
    for (let round = 0; round < 30; round++) {
      const { make, compare } = bench()
      const bytes = random.bytes(3000)
      const at = random.below(SIZE - 3000)
      const spot = random.below(3000)
      const other = Uint8Array.from(bytes)
      other[spot]! ^= 1 + random.below(255)
      make('/a', 'qcow2', SIZE, [[at, bytes]])
      make('/b', random.below(2) === 0 ? 'raw' : 'qcow2', SIZE, [[at, other]])
      expect(compare('/a', '/b')).toEqual({ same: false, why: 'content', at: at + spot })
    }
  })

  it('takes a longer disk for the same where the rest is zeros', () => {
    const { make, compare } = bench()
    make('/short', 'qcow2', SIZE, [[0, new Random(3).bytes(100)]])
    make('/long', 'raw', 2 * SIZE, [[0, new Random(3).bytes(100)]])
    expect(compare('/short', '/long')).toEqual({ same: true, sizesDiffer: true })
    expect(compare('/long', '/short', true)).toEqual({ same: false, why: 'size', left: 2 * SIZE, right: SIZE })
    make('/longer', 'raw', 2 * SIZE, [
      [0, new Random(3).bytes(100)],
      [SIZE + 777, Uint8Array.of(1)],
    ])
    expect(compare('/longer', '/short')).toEqual({ same: false, why: 'content', at: SIZE + 777, beyond: true })
  })

  it('told to be strict, names where only one disk has room', () => {
    const { make, compare } = bench()
    make('/a', 'qcow2', SIZE, [[65536, new Uint8Array(65536)]])
    make('/b', 'qcow2', SIZE)
    expect(compare('/a', '/b')).toEqual({ same: true, sizesDiffer: false })
    expect(compare('/a', '/b', true)).toEqual({ same: false, why: 'allocation', at: 65536 })
    expect(compare('/a', '/a', true)).toEqual({ same: true, sizesDiffer: false })
  })

  it('reads nothing of what both have from the same place', () => {
    const { engine, platform, make, compare } = bench()
    make('/base', 'qcow2', 4 * SIZE, [[0, new Random(4).bytes(4 * SIZE)]])
    for (const path of ['/one', '/two']) engine.create({ path, format: 'qcow2', backing: { name: 'base' }, overwrite: false }, context)
    let read = 0
    const files = wrapSystem(platform.files, (storage) => new CountedReads(storage, (bytes) => (read += bytes)))
    const watched = createEngine(undefined, { ...platform, files })
    expect(watched.compare({ left: { path: '/one' }, right: { path: '/two' } }, context)).toEqual({ same: true, sizesDiffer: false })
    expect(read, 'headers and tables alone').toBeLessThan(SIZE)
    expect(compare('/one', '/two', true)).toEqual({ same: true, sizesDiffer: false })
  })

  it('says whether looking or reading failed', () => {
    const { make, compare, platform } = bench()
    make('/a', 'qcow2', SIZE, [[0, new Random(5).bytes(65536)]])
    make('/b', 'raw', SIZE)
    const storage = platform.files.open('/a', true)
    storage.writeAt(4 * 65536, Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0x12, 0x34)) // an L2 entry that can't be
    storage.close()
    expect(thrown(() => compare('/a', '/b')).code).toBe('CORRUPT')
    expect(thrown(() => compare('/a', '/b')).where.field).toBe('allocation')
  })
})
