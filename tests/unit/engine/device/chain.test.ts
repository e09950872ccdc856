import { describe, expect, it } from 'vitest'
import { describeChain } from '../../../../src/engine/device/chain.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { type GateRule, MAX_CHAIN_DEPTH } from '../../../../src/engine/io/gate.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const { gate } = context

/** Images `/0`, `/1`, … each on the one before. */
function chainOf(count: number) {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  for (let i = 0; i < count; i++) {
    const lower = i === 0 ? {} : { backing: { name: `${i - 1}`, format: 'qcow2', unopened: true } }
    engine.create({ path: `/${i}`, format: 'qcow2', size: 65536, qcow2: { clusterSize: 512 }, ...lower, overwrite: false }, context)
  }
  const name = (path: string, backing: string) => engine.amend({ path, changes: { backing: { name: backing, format: 'qcow2' } } }, context)
  return { files, platform, name }
}

describe('a chain', () => {
  it('is the same layers to whoever opens it and to whoever lists it', () => {
    const { platform, files } = chainOf(4)
    const disk = openDisk(platform, '/3', { gate })
    const opened = [disk.path, disk.below?.path, disk.below?.below?.path, disk.below?.below?.below?.path]
    disk.close()
    expect(opened).toEqual(['/3', '/2', '/1', '/0'])
    const { layers, broken } = describeChain(platform, '/3', { gate })
    expect(layers.map(({ path }) => path)).toEqual(opened)
    expect(broken).toBeUndefined()
    expect(files.openHandles).toBe(0)
  })

  it.each(['/0', '/2'])('that comes back to itself is refused, and listed as far as it goes (%s)', (target) => {
    const { platform, files, name } = chainOf(3)
    name('/0', target)
    const error = thrown(() => openDisk(platform, '/2', { gate }))
    expect([error.code, error.where.path]).toEqual(['CHAIN', '/0'])
    const { layers, broken } = describeChain(platform, '/2', { gate })
    expect(layers).toHaveLength(3)
    expect(broken).toMatchObject({ path: target, code: 'CHAIN', message: error.message })
    expect(files.openHandles).toBe(0)
  })

  it('that is too deep is called so, and not a loop', () => {
    const { platform, files } = chainOf(MAX_CHAIN_DEPTH + 1)
    openDisk(platform, `/${MAX_CHAIN_DEPTH - 1}`, { gate }).close()
    const top = `/${MAX_CHAIN_DEPTH}`
    const error = thrown(() => openDisk(platform, top, { gate }))
    expect([error.code, error.message]).toEqual(['CHAIN', `The backing chain has more than ${MAX_CHAIN_DEPTH} layers`])
    const { layers, broken } = describeChain(platform, top, { gate })
    expect([layers.length, broken?.message]).toEqual([MAX_CHAIN_DEPTH, error.message])
    expect(files.openHandles).toBe(0)
  })

  it('may not lead back to an image that it is to lie below', () => {
    const { platform } = chainOf(3)
    expect(thrown(() => openDisk(platform, '/2', { gate, above: ['/1'] })).code).toBe('CHAIN')
    openDisk(platform, '/0', { gate, above: ['/1'] }).close()
  })
})

describe('a lower layer', () => {
  it('is written only where that is asked for', () => {
    const { platform } = chainOf(4)
    const disk = openDisk(platform, '/3', { gate, writableBelow: (_real, depth) => depth === 2 })
    expect([disk, disk.below!, disk.below!.below!, disk.below!.below!.below!].map(({ driver }) => driver.writer !== undefined)).toEqual([
      false,
      false,
      true,
      false,
    ])
    disk.close()
  })

  it('is opened for writing only with leave to write it', () => {
    const { platform, files } = chainOf(2)
    const granted: GateRule = { kind: 'granted', roots: [], files: ['/1', '/0'], writable: ['/1'] }
    openDisk(platform, '/1', { gate: granted, writable: true }).close()
    expect(thrown(() => openDisk(platform, '/1', { gate: granted, writableBelow: () => true })).code).toBe('DENIED')
    expect(files.openHandles).toBe(0)
  })
})
