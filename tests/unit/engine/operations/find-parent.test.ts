import { expect, it } from 'vitest'
import { type CallContext, createEngine, type GateRule, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { portable } from '../../../fixtures/platform.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }

function folder() {
  const files = new MemorySystem()
  for (const place of ['/disks/sub', '/old', '/far']) files.addFolder(place)
  const engine = createEngine(undefined, { files, ...portable })
  const image = (path: string, { backing, size = 65536, format }: { backing?: string; size?: number; format?: string } = {}): void => {
    const lower = backing === undefined ? {} : { backing: { name: backing, unopened: true, ...(format !== undefined && { format }) } }
    engine.create({ path, format: 'qcow2', size, qcow2: { clusterSize: 512 }, ...lower, overwrite: true }, context)
  }
  const raw = (path: string, size: number) => engine.create({ path, format: 'raw', size, overwrite: true }, context)
  const find = (path = '/disks/top', folders?: string[], gate: GateRule = context.gate) => {
    const answer = engine.findParent({ path, ...(folders && { folders }) }, { ...context, gate })
    expect(files.openHandles).toBe(0)
    return answer
  }
  const found = (...args: Parameters<typeof find>) => find(...args).candidates.map(({ path }) => path)
  return { files, image, raw, find, found }
}

it('finds nothing broken in a chain that is whole', () => {
  const { image, find } = folder()
  image('/disks/base')
  image('/disks/top', { backing: 'base', format: 'qcow2' })
  expect(find()).toEqual({ candidates: [] })
})

it('tells the first layer that is broken, and puts the old name before all that fits', () => {
  const { image, find } = folder()
  image('/disks/top', { backing: 'mid', format: 'qcow2' })
  image('/disks/mid', { backing: '/gone/base', format: 'qcow2' })
  image('/disks/sub/base', { size: 32768 })
  image('/disks/alike', { size: 65536 })
  image('/disks/smaller', { size: 1024 })
  const { broken, candidates } = find()
  expect(broken).toMatchObject({ path: '/disks/mid', backingName: '/gone/base' })
  expect(candidates.map(({ path, sameName }) => [path, sameName])).toEqual([
    ['/disks/sub/base', true],
    ['/disks/alike', false],
    ['/disks/smaller', false],
  ])
})

it('never proposes the image itself, or one that stands on it', () => {
  const { image, found } = folder()
  image('/disks/top', { backing: 'gone', format: 'qcow2' })
  image('/disks/clone', { backing: 'top', format: 'qcow2' })
  image('/disks/sub/gone', { backing: '../clone', format: 'qcow2' })
  image('/disks/good')
  expect(found()).toEqual(['/disks/good'])
})

it('never proposes one that stands beside it on what is lost, however far up', () => {
  const { image, found } = folder()
  image('/disks/top', { backing: 'gone', format: 'qcow2' })
  image('/disks/sibling', { backing: 'gone', format: 'qcow2' })
  image('/disks/on-sibling', { backing: 'sibling', format: 'qcow2' })
  image('/disks/good')
  expect(found()).toEqual(['/disks/good'])
})

it('proposes what has the stated format, and a raw disk by its name alone', () => {
  const { image, raw, found } = folder()
  image('/disks/top', { backing: 'base.img', format: 'raw' })
  raw('/disks/other.img', 65536)
  raw('/disks/sub/base.img', 4096)
  image('/disks/qcow2')
  expect(found()).toEqual(['/disks/sub/base.img'])
  image('/disks/top', { backing: 'base.img', format: 'qcow2' })
  expect(found()).toEqual(['/disks/qcow2'])
})

it('proposes no larger disk, unless it has the name', () => {
  const { image, found } = folder()
  image('/disks/top', { backing: 'base', format: 'qcow2' })
  image('/disks/large', { size: 2 ** 20 })
  expect(found()).toEqual([])
  image('/disks/sub/base', { size: 2 ** 20 })
  expect(found()).toEqual(['/disks/sub/base'])
})

it('keeps a name relative that was, and looks where the name led', () => {
  const { files, image, find } = folder()
  image('/disks/top', { backing: '../old/gone', format: 'qcow2' })
  image('/old/renamed')
  expect(find().candidates).toMatchObject([{ path: '/old/renamed', name: '../old/renamed' }])
  files.remove('/old/renamed')
  image('/far/gone')
  expect(find().candidates).toEqual([])
  expect(find('/disks/top', ['/far']).candidates).toMatchObject([{ name: '../far/gone', sameName: true }])
  image('/disks/top', { backing: '/old/gone', format: 'qcow2' })
  expect(find('/disks/top', ['/far']).candidates).toMatchObject([{ name: '/far/gone' }])
})

it('knows the old name whichever system wrote it', () => {
  const { image, find } = folder()
  image('/disks/top', { backing: 'C:\\vm\\base', format: 'qcow2' })
  image('/disks/base')
  expect(find().candidates).toMatchObject([{ path: '/disks/base', sameName: true }])
})

it('proposes an image whose own parent was moved along with it', () => {
  const { image, find } = folder()
  image('/disks/top', { backing: '/gone/mid', format: 'qcow2' })
  image('/disks/mid', { backing: '/gone/base', format: 'qcow2' })
  image('/disks/base')
  expect(find().candidates[0]).toMatchObject({ path: '/disks/mid', sameName: true })
})

it('looks only where the gate lets it', () => {
  const { image, found } = folder()
  image('/disks/top', { backing: 'base', format: 'qcow2' })
  image('/far/base')
  expect(found('/disks/top', ['/far'], { kind: 'granted', roots: ['/disks'], files: [] })).toEqual([])
  expect(found('/disks/top', ['/far'], { kind: 'granted', roots: ['/disks', '/far'], files: [] })).toEqual(['/far/base'])
})

it('says that a loop is one, and what could stand in its place', () => {
  const { image, find } = folder()
  image('/disks/top', { backing: 'mid', format: 'qcow2' })
  image('/disks/mid', { backing: 'top', format: 'qcow2' })
  image('/disks/base')
  expect(find()).toMatchObject({
    broken: { path: '/disks/mid', reason: expect.stringContaining('loops') as string },
    candidates: [{ path: '/disks/base' }],
  })
})
