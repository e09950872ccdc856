import { describe, expect, it } from 'vitest'
import type { Client, WindowApi } from '../../src/shared/api.ts'
import type { ChainInfo, DiskInfo } from '../../src/shared/model.ts'
import { LayerShares } from '../../src/renderer/src/state/layer-shares.svelte.ts'

const MIB = 1 << 20
const SIZE = 64 * MIB

function layer(path: string): DiskInfo {
  return { path, format: 'qcow2', virtualSize: SIZE, actualSize: 0, modified: 0, dirty: false, encrypted: false, snapshots: [] }
}

const CHAIN: ChainInfo = { layers: [layer('/top'), layer('/base')] }

/** Answers with a megabyte a time, of which the top layer holds a quarter and the one below the rest. */
function client(asked: number[]): Pick<Client<WindowApi>, 'mapOverview'> {
  return {
    mapOverview: ({ start, cellSize }) => {
      asked.push(start)
      const cells = MIB / cellSize
      const held = [cells / 4, cellSize, 0, 0, 0, (cells * 3) / 4, cellSize, 0, 0, 1]
      const known = start + MIB
      return Promise.resolve({ cells: held, known, grain: 0, ...(known < SIZE && { next: known }) })
    },
  }
}

describe('what part of a disk each layer holds', () => {
  it('is told of the whole disk', async () => {
    const asked: number[] = []
    const shares = new LayerShares(client(asked))
    await shares.read(CHAIN)
    expect(asked).toHaveLength(64)
    expect([...shares.shares]).toEqual([
      ['/top', 0.25],
      ['/base', 0.75],
    ])
    expect(shares.upTo).toBeUndefined()
  })

  it('is told of its first part where the whole would take too long, and up to where that goes', async () => {
    const asked: number[] = []
    const shares = new LayerShares(client(asked), 3)
    await shares.read(CHAIN)
    expect(asked).toEqual([0, MIB, 2 * MIB])
    expect(shares.shares.get('/base')).toBe(0.75)
    expect(shares.upTo).toBe(3 * MIB)
  })
})
