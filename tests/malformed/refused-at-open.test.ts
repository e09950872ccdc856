import { describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import type { GateRule } from '../../src/engine/io/gate.ts'
import { bytesOf } from '../../src/engine/base/bytes.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { createEngine } from '../../src/engine/index.ts'
import { portable } from '../fixtures/platform.ts'

const follow: GateRule = { kind: 'follow' }

/** An engine over files in memory with one healthy image, /disk. */
function bench() {
  const files = new MemorySystem()
  const engine = createEngine(undefined, { files, ...portable })
  const context = { gate: follow, job: unwatched }
  engine.create({ path: '/disk', format: 'qcow2', size: 2 ** 20, overwrite: false }, context)
  const patch = (at: number, bytes: Uint8Array | number[]): void => {
    const storage = files.open('/disk', true)
    storage.writeAt(at, Uint8Array.from(bytes))
    storage.close()
  }
  const content = (path: string): Uint8Array => {
    const storage = files.open(path, false)
    const bytes = new Uint8Array(storage.size)
    storage.readAt(0, bytes)
    storage.close()
    return bytes
  }
  return { files, engine, context, patch, content }
}

function errorOf(run: () => unknown): StrataError {
  try {
    run()
  } catch (error) {
    if (error instanceof StrataError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const u32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)
const u64 = (value: bigint): number[] => [...u32(Number(value >> 32n)), ...u32(Number(value & 0xffffffffn))]

/** `check`: what a check, which looks at damaged images too, says instead of refusing. */
const LIES: [what: string, at: number, bytes: number[], code: string, field: string, check?: 'found' | 'beside the point'][] = [
  ['an unknown version', 4, u32(4), 'UNSUPPORTED', 'version'],
  ['version 1', 4, u32(1), 'UNSUPPORTED', 'version'],
  ['clusters of 256 bytes', 20, u32(8), 'CORRUPT', 'cluster_bits'],
  ['clusters of 4 MiB', 20, u32(22), 'CORRUPT', 'cluster_bits'],
  ['a backing name outside the first cluster', 8, u64(2n ** 40n), 'CORRUPT', 'backing_file_offset'],
  ['a backing name of 4 GiB', 8, [...u64(512n), ...u32(0xffffffff)], 'CORRUPT', 'backing_file_size'],
  ['a disk of 2^60 bytes', 24, u64(2n ** 60n), 'CORRUPT', 'size'],
  ['a disk of 2^52 bytes', 24, u64(2n ** 52n), 'CORRUPT', 'l1_size'],
  ['an L1 table of 4 billion entries', 36, u32(0xffffffff), 'CORRUPT', 'l1_size'],
  ['an L1 table past the end of the file', 40, u64(2n ** 40n), 'CORRUPT', 'l1_table_offset', 'found'],
  ['an L1 table between clusters', 40, u64(0x30200n), 'CORRUPT', 'l1_table_offset'],
  ['an L1 table at an offset above 2^53', 40, u64(2n ** 63n), 'CORRUPT', 'l1Offset'],
  ['a reference count table past the end of the file', 48, u64(2n ** 41n), 'CORRUPT', 'refcount_table_offset', 'found'],
  ['a reference count table of 4 billion clusters', 56, u32(0xffffffff), 'CORRUPT', 'refcount_table_clusters'],
  ['no reference count table', 56, u32(0), 'CORRUPT', 'refcount_table_clusters', 'found'],
  ['a million snapshots', 60, u32(1_000_000), 'CORRUPT', 'nb_snapshots', 'found'],
  ['snapshots past the end of the file', 60, [...u32(3), ...u64(2n ** 40n)], 'CORRUPT', 'snapshots_offset', 'found'],
  ['an unknown encryption method', 32, u32(9), 'UNSUPPORTED', 'crypt_method'],
  ['LUKS without its header', 32, u32(2), 'CORRUPT', 'encryption header pointer', 'found'],
  ['an unknown feature', 72, u64(2n ** 40n), 'UNSUPPORTED', 'incompatible_features'],
  ['an external data file that is not named', 72, u64(4n), 'CORRUPT', 'data file', 'beside the point'],
  ['reference counts of 128 bits', 96, u32(7), 'CORRUPT', 'refcount_order'],
  ['a header of 8 bytes', 100, u32(8), 'CORRUPT', 'header_length'],
  ['a header longer than its cluster', 100, u32(2 ** 20), 'CORRUPT', 'header_length'],
  ['a compression type without its feature bit', 104, [1], 'CORRUPT', 'compression_type'],
  ['the feature bit of a compression type without one', 72, u64(8n), 'CORRUPT', 'compression_type'],
  ['an unknown compression type', 104, [2], 'UNSUPPORTED', 'compression_type'],
  ['an extension longer than the cluster', 112, [...u32(0x12345678), ...u32(0x7fffffff)], 'CORRUPT', 'header extension length'],
]

describe('a header that lies is refused at open, with the place of the lie', () => {
  it.each(LIES)('%s', (_what, at, bytes, code, field, checked) => {
    const { engine, context, patch, content } = bench()
    patch(at, bytes)
    const before = content('/disk')
    const check = () => engine.check({ path: '/disk' }, context)
    if (checked === 'found') expect(check().corruptions).toBeGreaterThan(0)
    if (checked === 'beside the point') check()
    for (const run of [
      () => engine.info({ path: '/disk' }, context),
      ...(checked === undefined ? [check] : []),
      () => engine.resize({ path: '/disk', size: 2 ** 21 }, context),
      () => engine.convert({ source: { path: '/disk' }, target: { path: '/out', format: 'raw' }, overwrite: false }, context),
    ]) {
      const error = errorOf(run)
      expect({ code: error.code, field: error.where.field, path: error.where.path }).toEqual({ code, field, path: '/disk' })
      expect(error.where.offset).toBeTypeOf('number')
    }
    expect(Buffer.compare(content('/disk'), before)).toBe(0)
  })

  it('names the feature from the table that the image brings', () => {
    const { engine, context, patch } = bench()
    const name = [...bytesOf('warp drive')]
    patch(112, [...u32(0x6803f857), ...u32(48), 0, 40, ...name, ...new Array<number>(36).fill(0), ...u32(0), ...u32(0)])
    patch(72, u64(2n ** 40n))
    expect(errorOf(() => engine.info({ path: '/disk' }, context)).message).toContain('"warp drive"')
  })
})

describe('files that are no image', () => {
  it('are refused when opened as qcow2', () => {
    const { files, engine, context } = bench()
    files.create('/text').writeAt(0, new TextEncoder().encode('hello'))
    expect(errorOf(() => engine.info({ path: '/text', format: 'qcow2' }, context)).code).toBe('BAD_MAGIC')
  })

  it('are refused by the window when nothing says that they are disks', () => {
    const { files, engine } = bench()
    files.create('/text').writeAt(0, new TextEncoder().encode('hello'))
    const gate: GateRule = { kind: 'granted', roots: ['/'], files: [] }
    const error = errorOf(() => engine.info({ path: '/text' }, { gate, job: unwatched }))
    expect(error.code).toBe('BAD_MAGIC')
    expect(error.hint).toBeTruthy()
  })

  it('are refused by name when they are of a format that Strata does not read', () => {
    const { files, engine, context } = bench()
    files.create('/a.vmdk').writeAt(0, new TextEncoder().encode(`KDMV${' '.repeat(508)}`))
    const error = errorOf(() => engine.info({ path: '/a.vmdk' }, context))
    expect([error.code, error.message]).toEqual(['UNSUPPORTED', expect.stringContaining('VMDK')])
    expect(engine.info({ path: '/a.vmdk', format: 'raw' }, context).layers[0]?.format).toBe('raw')
  })

  it('cut inside the header are called corrupt', () => {
    const { files, engine, context, content } = bench()
    for (const length of [8, 40, 71]) {
      files.create(`/cut${length}`).writeAt(0, content('/disk').subarray(0, length))
      expect(errorOf(() => engine.info({ path: `/cut${length}` }, context)).code).toBe('CORRUPT')
    }
  })
})

describe('a chain that leads astray', () => {
  const overlay = (path: string, name: string, size = 2 ** 20) => ({
    path,
    format: 'qcow2' as const,
    size,
    backing: { name, format: 'qcow2' },
    overwrite: true,
  })

  it('through a loop is refused, and info shows what it can', () => {
    const { files, engine, context } = bench()
    engine.create(overlay('/a', '/disk'), context)
    engine.create(overlay('/b', '/a'), context)
    files.rename('/b', '/disk')
    const convert = () => engine.convert({ source: { path: '/a' }, target: { path: '/out', format: 'raw' }, overwrite: false }, context)
    expect(errorOf(convert).code).toBe('CHAIN')
    const { layers, broken } = engine.info({ path: '/a' }, context)
    expect([layers.length, broken?.code]).toEqual([2, 'CHAIN'])
  })

  it('to a missing file is refused, and info says which', () => {
    const { files, engine, context } = bench()
    engine.create(overlay('/a', '/disk'), context)
    files.remove('/disk')
    const error = errorOf(() =>
      engine.convert({ source: { path: '/a' }, target: { path: '/out', format: 'raw' }, overwrite: false }, context),
    )
    expect([error.code, error.where.path]).toEqual(['NOT_FOUND', '/disk'])
    expect(engine.info({ path: '/a' }, context).broken).toMatchObject({ path: '/disk', code: 'NOT_FOUND' })
    expect(files.facts('/out')).toBeUndefined()
  })

  it('to a file that was not granted is refused', () => {
    const { files, engine, context } = bench()
    files.addFolder('/home')
    engine.create(overlay('/home/a', '/disk'), context)
    const gate: GateRule = { kind: 'granted', roots: ['/home'], files: [] }
    expect(engine.info({ path: '/home/a' }, { gate, job: unwatched }).broken?.code).toBe('DENIED')
  })

  it('to another machine is refused by name', () => {
    const { engine, context, patch } = bench()
    const name = [...bytesOf('nbd://host/disk')]
    patch(0x8000, name)
    patch(8, [...u64(0x8000n), ...u32(name.length)])
    expect(engine.info({ path: '/disk' }, context).broken).toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('a target', () => {
  it('that is the source or a layer below it is refused, and nothing changes', () => {
    const { engine, context, content } = bench()
    engine.create({ path: '/top', format: 'qcow2', backing: { name: '/disk', format: 'qcow2' }, overwrite: false }, context)
    for (const path of ['/top', '/disk']) {
      const before = content(path)
      const target = { path, format: 'qcow2' } as const
      expect(errorOf(() => engine.convert({ source: { path: '/top' }, target, overwrite: true }, context)).code).toBe('SAME_FILE')
      const create = { path, format: 'qcow2', backing: { name: '/top', format: 'qcow2' }, overwrite: true } as const
      expect(errorOf(() => engine.create(create, context)).code).toBe('SAME_FILE')
      expect(Buffer.compare(content(path), before)).toBe(0)
    }
  })

  it('that exists is replaced only when that was allowed', () => {
    const { engine, context, content } = bench()
    const before = content('/disk')
    const request = { path: '/disk', format: 'raw', size: 512 } as const
    expect(errorOf(() => engine.create({ ...request, overwrite: false }, context)).code).toBe('EXISTS')
    expect(Buffer.compare(content('/disk'), before)).toBe(0)
    engine.create({ ...request, overwrite: true }, context)
    expect(content('/disk').length).toBe(512)
  })
})
