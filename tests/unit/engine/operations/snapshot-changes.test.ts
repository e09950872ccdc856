import { describe, expect, it } from 'vitest'
import { CHANGE_GRAIN, type SnapshotChanges } from '../../../../src/shared/snapshot-changes.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 8 * 2 ** 20

function bench(clusterSize = 65536) {
  const platform = { files: new MemorySystem(), ...portable }
  const engine = createEngine(undefined, platform)
  engine.create({ path: '/a', format: 'qcow2', size: SIZE, qcow2: { clusterSize }, overwrite: false }, context)
  const write = (at: number, bytes: Uint8Array): void => {
    const disk = openDisk(platform, '/a', { ...context, writable: true })
    disk.writeAt(at, bytes)
    disk.close()
  }
  const take = (name: string): void => void engine.snapshot({ path: '/a', action: { do: 'create', name } }, context)
  /** All ranges, asked for in as many answers as it takes. */
  const changes = (since: string, snapshot?: string, milliseconds = 0): SnapshotChanges => {
    const ranges: number[] = []
    let size = 0
    for (let start: number | undefined = 0; start !== undefined;) {
      const answer: SnapshotChanges = engine.snapshotChanges(
        { path: '/a', since, start, milliseconds, ...(snapshot !== undefined && { snapshot }) },
        context,
      )
      ranges.push(...answer.ranges)
      size = answer.size
      start = answer.next
    }
    return { size, ranges }
  }
  return { engine, write, take, changes }
}

/** The blocks that ranges touch, whole. */
function blocks({ ranges }: SnapshotChanges): number[] {
  const touched = new Set<number>()
  for (let i = 0; i < ranges.length; i += 2)
    for (let at = ranges[i]!; at < ranges[i]! + ranges[i + 1]!; at++) {
      touched.add(Math.floor(at / CHANGE_GRAIN))
      at = Math.ceil((at + 1) / CHANGE_GRAIN) * CHANGE_GRAIN - 1
    }
  return [...touched].sort((a, b) => a - b)
}

describe('what changed between two states of an image', () => {
  it('is the blocks that read differently, in both directions, and not what was only written again', () => {
    const { write, take, changes } = bench()
    const same = new Random(1).bytes(CHANGE_GRAIN)
    write(0, same)
    take('one')
    write(0, same)
    write(3 * CHANGE_GRAIN + 10, Uint8Array.of(1))
    write(4 * CHANGE_GRAIN, Uint8Array.of(0, 0))
    expect(changes('one')).toEqual({ size: SIZE, ranges: [3 * CHANGE_GRAIN, CHANGE_GRAIN] })
    take('two')
    write(SIZE - 1, Uint8Array.of(7))
    expect(changes('one', 'two')).toEqual({ size: SIZE, ranges: [3 * CHANGE_GRAIN, CHANGE_GRAIN] })
    expect(blocks(changes('one'))).toEqual([3, SIZE / CHANGE_GRAIN - 1])
    expect(changes('one', 'one')).toEqual({ size: SIZE, ranges: [] })
  })

  it.each([512, 2 ** 20])('finds every write, with clusters of %i bytes', (clusterSize) => {
    const random = new Random(clusterSize)
    const { write, take, changes } = bench(clusterSize)
    write(0, random.bytes(SIZE / 2))
    take('one')
    const touched = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const at = random.below(SIZE - 100)
      write(at, random.bytes(100))
      touched.add(Math.floor(at / CHANGE_GRAIN)).add(Math.floor((at + 99) / CHANGE_GRAIN))
    }
    expect(blocks(changes('one', undefined, 100))).toEqual([...touched].sort((a, b) => a - b))
  })

  it('counts what one has behind the end of the other', () => {
    const { engine, write, take, changes } = bench()
    take('one')
    engine.resize({ path: '/a', size: 2 * SIZE }, context)
    write(SIZE, Uint8Array.of(1))
    expect(changes('one')).toEqual({ size: 2 * SIZE, ranges: [SIZE, CHANGE_GRAIN] })
  })

  it('knows a snapshot that is not there', () => {
    const { changes } = bench()
    expect(codeOf(() => changes('nobody'))).toBe('NOT_FOUND')
  })
})
