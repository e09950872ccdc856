import { describe, expect, it } from 'vitest'
import type { Qcow2Options } from '../../../../src/shared/model.ts'
import type { ConvertRequest } from '../../../../src/shared/requests.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { Random } from '../../../fixtures/random.ts'
import { portable } from '../../../fixtures/platform.ts'
import { phrases } from '../../../fixtures/phrases.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const MIB = 2 ** 20

/** A raw source of 8 MiB and a bit: rubbish, text, zeros that are written and zeros that are not. */
function bench() {
  const files = new MemorySystem()
  const platform = { files, ...portable }
  const engine = createEngine(undefined, platform)
  const random = new Random(5)
  const bytes = new Uint8Array(8 * MIB + 1536)
  bytes.set(random.bytes(MIB), 0)
  bytes.set(random.text(MIB), 3 * MIB)
  bytes.set(random.bytes(1536), 8 * MIB)
  const source = files.create('/source')
  source.truncate(bytes.length)
  source.writeAt(0, bytes.subarray(0, 5 * MIB))
  source.writeAt(8 * MIB, bytes.subarray(8 * MIB))
  const read = (path: string): Uint8Array => {
    const disk = openDisk(platform, path, context)
    const all = new Uint8Array(disk.size)
    disk.readAt(0, all)
    disk.close()
    return all
  }
  return { files, engine, bytes, read }
}

const TARGETS: [what: string, target: Omit<ConvertRequest['target'], 'path'>][] = [
  ['raw', { format: 'raw' }],
  ['qcow2', { format: 'qcow2' }],
  ['qcow2 of version 2', { format: 'qcow2', qcow2: { compat: '0.10', clusterSize: 4096 } }],
  ['qcow2 with clusters of 512 bytes', { format: 'qcow2', qcow2: { clusterSize: 512 } }],
  ['qcow2 with clusters of 2 MiB', { format: 'qcow2', qcow2: { clusterSize: 2 * MIB } }],
  ['compressed qcow2', { format: 'qcow2', compress: true }],
  ['compressed qcow2 with clusters of 2 MiB', { format: 'qcow2', compress: true, qcow2: { clusterSize: 2 * MIB } }],
  ['qcow2 compressed with zstd', { format: 'qcow2', compress: true, qcow2: { compressionType: 'zstd' } }],
  ['qcow2 compressed as hard as zstd can', { format: 'qcow2', compress: true, qcow2: { compressionType: 'zstd', compressionLevel: 19 } }],
  ['qcow2 compressed as fast as deflate can', { format: 'qcow2', compress: true, qcow2: { compressionLevel: 1 } }],
  ['qcow2 with all metadata set aside', { format: 'qcow2', qcow2: { preallocation: 'metadata' } }],
]

describe('convert', () => {
  it.each(TARGETS)('to %s keeps every byte, and back again', (_what, target) => {
    const { engine, bytes, read } = bench()
    const there = engine.convert({ source: { path: '/source' }, target: { path: '/there', ...target }, overwrite: false }, context)
    expect(there.info.virtualSize).toBe(bytes.length)
    expect(Buffer.compare(read('/there'), bytes)).toBe(0)
    if (target.format === 'qcow2')
      expect(engine.check({ path: '/there' }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
    engine.convert({ source: { path: '/there' }, target: { path: '/back', format: 'raw' }, overwrite: false }, context)
    expect(Buffer.compare(read('/back'), bytes)).toBe(0)
  })

  it('leaves zeros out, whether they were written or not, unless it is told to write all', () => {
    const { files, engine, bytes } = bench()
    const convert = (sparse?: number) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/out', format: 'raw' }, overwrite: true, ...(sparse !== undefined && { sparse }) },
        context,
      )
    expect(convert().copied).toBeLessThan(2 * MIB + 8192)
    expect(files.facts('/out')?.allocated).toBeLessThan(2 * MIB + 8192)
    expect(convert(0).copied).toBe(bytes.length)
    expect(files.facts('/out')?.allocated).toBeGreaterThanOrEqual(bytes.length)
  })

  it('compresses as it is told: of either type, harder or faster', () => {
    const { files, engine } = bench()
    files.create('/phrases').writeAt(0, phrases(MIB))
    const size = (qcow2: Qcow2Options): number => {
      const target = { path: '/out', format: 'qcow2', compress: true, qcow2 } as const
      const made = engine.convert({ source: { path: '/phrases' }, target, overwrite: true }, context)
      expect(made.info.qcow2?.compressionType).toBe(qcow2.compressionType ?? 'zlib')
      return files.facts('/out')!.size
    }
    const [zlib, least, most] = [size({}), size({ compressionLevel: 1 }), size({ compressionLevel: 9 })]
    expect(least).toBeGreaterThan(most)
    expect(zlib).toBeLessThanOrEqual(least)
    const zstd = [undefined, 1, 3, 19].map((level) => size({ compressionType: 'zstd', ...(level && { compressionLevel: level }) }))
    expect(zstd[0]).toBe(zstd[2])
    expect(zstd[3]).toBeLessThan(zstd[1]!)
  })

  it.each([
    [{ compressionLevel: 0 }, 'compression_level'],
    [{ compressionLevel: 10 }, 'compression_level'],
    [{ compressionLevel: 2.5 }, 'compression_level'],
    [{ compressionType: 'zstd', compressionLevel: 20 }, 'compression_level'],
    [{ compressionType: 'zstd', compressionLevel: NaN }, 'compression_level'],
    [{ compressionType: 'zstd', compat: '0.10' }, 'compression_type'],
  ] as [Qcow2Options, string][])('refuses %j, and makes nothing', (qcow2, field) => {
    const { files, engine } = bench()
    const target = { path: '/out', format: 'qcow2', compress: true, qcow2 } as const
    const run = () => engine.convert({ source: { path: '/source' }, target, overwrite: false }, context)
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', where: expect.objectContaining({ field }) as object }))
    expect(files.facts('/out')).toBeUndefined()
  })

  it('refuses what cannot be', () => {
    const { files, engine } = bench()
    const convert = (request: Partial<ConvertRequest>, target: Partial<ConvertRequest['target']> = {}) =>
      engine.convert(
        { source: { path: '/source' }, target: { path: '/out', format: 'qcow2', ...target }, overwrite: false, ...request },
        context,
      )
    expect(() => convert({}, { format: 'raw', compress: true })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    expect(() => convert({ sparse: 100 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => convert({}, { qcow2: { clusterSize: 1000 } })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => convert({ source: { path: '/nothing' } })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(files.facts('/out')).toBeUndefined()
  })
})

describe('estimate', () => {
  it.each(TARGETS)('of %s is near what convert makes, and never more than the worst case', (_what, target) => {
    const { files, engine } = bench()
    const request: ConvertRequest = { source: { path: '/source' }, target: { path: '/there', ...target }, overwrite: false }
    const before = engine.estimate(request, context)
    engine.convert(request, context)
    const made = target.format === 'raw' ? files.facts('/there')!.allocated : files.facts('/there')!.size
    expect(made).toBeLessThanOrEqual(before.atMost)
    expect(before.targetExists).toBe(false)
    expect(engine.estimate(request, context).targetExists).toBe(true)
    if (target.qcow2?.preallocation !== 'metadata') {
      // A sample of 48 places judges eight megabytes: a quarter off is as near as it gets here.
      expect(before.expected).toBeGreaterThan(made * 0.7)
      expect(before.expected).toBeLessThan(made * 1.35 + 256 * 1024)
    }
  })

  it('counts a cluster once, into however many pieces holes cut what it will hold', () => {
    const { files, engine } = bench()
    const sieve = files.create('/sieve')
    sieve.truncate(16 * MIB)
    for (let at = 0; at < 4 * MIB; at += 8192) sieve.writeAt(at, new Random(6).bytes(4096))
    const request: ConvertRequest = { source: { path: '/sieve' }, target: { path: '/there', format: 'qcow2' }, overwrite: false }
    expect(engine.estimate(request, context).expected).toBeLessThan(5 * MIB)
  })
})
