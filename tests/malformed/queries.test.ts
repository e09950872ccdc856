import { expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../src/engine/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { GuestDisk, writeGpt } from '../fixtures/guest-disk.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const CLUSTER = 4096
const SIZE = CLUSTER * 64

/** An image with a partition table, plain and packed clusters and two snapshots; its bytes, and where its structure is. */
function image(): { bytes: Uint8Array; places: number[] } {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { clusterSize: CLUSTER }, overwrite: false }, context)
  const guest = new GuestDisk(SIZE)
  writeGpt(guest, { partitions: [{ first: 64, last: 128 }] })
  for (const name of ['one', 'two']) {
    const disk = openDisk(platform, '/disk', { ...context, writable: true })
    disk.writeAt(0, guest.bytes().subarray(0, CLUSTER * 6))
    disk.writePacked(CLUSTER * 10, disk.driver.codec!.pack(new Random(2).text(CLUSTER))!)
    disk.close()
    engine.snapshot({ path: '/disk', action: { do: 'create', name } }, context)
  }
  const storage = platform.files.open('/disk', false)
  const bytes = new Uint8Array(storage.size)
  storage.readAt(0, bytes)
  const view = new DataView(bytes.buffer)
  const l1 = view.getUint32(44)
  const snapshots = view.getUint32(68)
  return { bytes, places: [0, l1, view.getUint32(l1 + 4), snapshots, view.getUint32(snapshots + 4), view.getUint32(52)] }
}

it('whatever is damaged, each query ends in an answer or a StrataError, and leaves nothing open', () => {
  const { bytes, places } = image()
  const random = new Random(41)
  const answered = { layout: 0, snapshotSpace: 0, mapOverview: 0, mapFromAPlace: 0, snapshotChanges: 0 }
  for (let round = 0; round < 400; round++) {
    const platform = { files: new MemorySystem(), ...portable }
    const storage = platform.files.create('/disk')
    storage.writeAt(0, bytes)
    for (let i = 0; i < 1 + random.below(3); i++) {
      const at = places[random.below(places.length)]! + random.below(112)
      storage.writeAt(at, random.below(3) === 0 ? Uint8Array.of(255, 255, 255, 255) : random.bytes(1 + random.below(4)))
    }
    storage.close()
    const engine = createEngine(undefined, platform)
    const picture = { path: '/disk', start: 0, length: SIZE, cellSize: 512, milliseconds: 5 }
    for (const [name, ask] of [
      ['layout', () => engine.layout({ path: '/disk' }, context)],
      ['snapshotSpace', () => engine.snapshotSpace({ path: '/disk' }, context)],
      ['mapFromAPlace', () => engine.mapOverview({ ...picture, start: SIZE / 2 }, context)],
      ['mapOverview', () => engine.mapOverview(picture, context)],
      ['snapshotChanges', () => engine.snapshotChanges({ path: '/disk', since: '1', start: 0, milliseconds: 5 }, context)],
    ] as const) {
      try {
        ask()
        answered[name]++
      } catch (error) {
        if (!(error instanceof StrataError)) throw error
        expect(error.code).not.toBe('BUG')
      }
    }
    expect(platform.files.openHandles).toBe(0)
  }
  // Not all damage is in the way of all questions.
  for (const count of Object.values(answered)) expect(count).toBeGreaterThan(40)
})
