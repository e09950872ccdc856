import { describe, expect, it } from 'vitest'
import { unwatched } from '../../../../src/engine/base/job.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import type { GateRule } from '../../../../src/engine/io/gate.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { create } from '../../../../src/engine/operations/create.ts'
import { portable } from '../../../fixtures/platform.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const follow: GateRule = { kind: 'follow' }
const SIZE = 2 ** 20

function bench() {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const make = (request: Parameters<typeof create>[1]) =>
    create(platform, request, { gate: follow, job: unwatched }, { staged() {}, settled() {} })
  make({ path: '/disk', format: 'qcow2', size: SIZE, qcow2: { dataFile: 'data.raw' }, overwrite: false })
  return { files, platform, make }
}

describe('the data file that an image names', () => {
  it('is written only where the person gave leave to write it, and read where they gave leave to read', () => {
    const { files, platform } = bench()
    const neighbour: GateRule = { kind: 'granted', roots: [], files: ['/disk', '/data.raw'], writable: ['/disk'] }
    expect(thrown(() => openDisk(platform, '/disk', { gate: neighbour, writable: true }))).toMatchObject({ code: 'DENIED' })
    expect(files.facts('/data.raw')?.size).toBe(SIZE)
    openDisk(platform, '/disk', { gate: neighbour }).close()
    const own: GateRule = { kind: 'granted', roots: [], files: ['/disk', '/data.raw'], writable: ['/disk', '/data.raw'] }
    openDisk(platform, '/disk', { gate: own, writable: true }).close()
    openDisk(platform, '/disk', { gate: { kind: 'granted', roots: ['/'], files: [] }, writable: true }).close()
  })

  it('is not written when a layer below reads from it', () => {
    const { files, platform, make } = bench()
    make({ path: '/base.raw', format: 'raw', size: SIZE, overwrite: false })
    const request = { format: 'qcow2', size: SIZE, backing: { name: 'base.raw', format: 'raw' }, overwrite: false } as const
    make({ ...request, path: '/top', qcow2: { dataFile: 'base.rax' } })
    const storage = files.open('/top', true)
    const first = new Uint8Array(65536)
    storage.readAt(0, first)
    const at = Buffer.from(first).indexOf('base.rax')
    storage.writeAt(at, new TextEncoder().encode('base.raw'))
    storage.close()
    expect(thrown(() => openDisk(platform, '/top', { gate: follow, writable: true }))).toMatchObject({ code: 'CHAIN' })
    openDisk(platform, '/top', { gate: follow }).close()
  })
})
