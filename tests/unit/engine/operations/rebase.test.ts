import { describe, expect, it } from 'vitest'
import type { RebaseRequest } from '../../../../src/shared/requests.ts'
import { StrataError } from '../../../../src/shared/errors.ts'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../../../src/engine/index.ts'
import { StorageDecorator } from '../../../../src/engine/io/storage-decorator.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { CLUSTER, layerBench } from '../../../fixtures/layer-bench.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = CLUSTER * 16

function bench() {
  const here = layerBench({ size: SIZE })
  const { engine } = here
  const rebase = (backing: string | null, request: Partial<RebaseRequest> = {}) =>
    engine.rebase({ path: '/top', backing: backing === null ? null : { name: backing }, mode: 'safe', ...request }, context)
  const content = (path = '/top') => here.content(path)
  const assertSound = (path = '/top') => {
    expect(engine.check({ path }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
  }
  return { ...here, rebase, content, assertSound }
}

/** An overlay on `/old`, and `/new` beside it. */
function standard() {
  const here = bench()
  here.make('/old', {
    writes: [
      [0, 4, 1],
      [4, 2, 0],
      [8, 2, 2],
    ],
  })
  here.make('/new', {
    writes: [
      [0, 2, 1],
      [4, 4, 7],
    ],
  })
  here.make('/top', { backing: 'old', writes: [[5, 1, 5]] })
  return here
}

describe('rebase', () => {
  it('copies what would read otherwise, zeros as zeros, and no more; the format found is stored', () => {
    const { rebase, content, runs, assertSound } = standard()
    const before = content()
    const { copied, info } = rebase('new')
    expect(info).toMatchObject({ backingName: 'new', backingFormat: 'qcow2' })
    expect(copied).toBe(CLUSTER * 7)
    expect(content()).toEqual(before)
    expect(runs('/top')).toEqual(['0+2 data 1', '2+2 data 0', '4+1 zero 0', '5+1 data 0', '6+2 zero 0', '8+2 data 0', '10+6 zero 1'])
    assertSound()
  })

  it('onto nothing makes it hold all of its disk', () => {
    const { rebase, content, files, assertSound } = standard()
    const before = content()
    const { info } = rebase(null)
    expect(info.backingName).toBeUndefined()
    files.remove('/old')
    expect(content()).toEqual(before)
    assertSound()
  })

  it('packs what it copies when it is told to', () => {
    const { rebase, content, runs, assertSound } = standard()
    const before = content()
    rebase(null, { compress: true })
    expect(content()).toEqual(before)
    expect(runs('/top').filter((run) => run.includes('packed'))).toHaveLength(6)
    assertSound()
  })

  it.each([{ compat: '0.10' }, { compat: '1.1' }, { clusterSize: 16384, extendedL2: true }] as const)(
    'keeps what an image reads as that stood on nothing: zeros that were written and room that never was (%o)',
    (qcow2) => {
      const { make, rebase, content, assertSound } = bench()
      make('/new', { format: 'raw', size: SIZE * 2, writes: [[0, 32, 9]] })
      make('/top', {
        qcow2,
        writes: [
          [1, 1, 3],
          [2, 6, 4],
          [3, 2, 0],
        ],
      })
      const before = content()
      rebase('new')
      expect(content()).toEqual(before)
      assertSound()
    },
  )

  it('keeps the disk over shorter and longer backing files', () => {
    for (const [old, next] of [
      [3, 30],
      [30, 3],
      [16, 1],
    ] as const) {
      const { make, rebase, content } = bench()
      make('/old', { size: old * CLUSTER, writes: [[0, old, 1]] })
      make('/new', { size: next * CLUSTER, writes: [[0, next, 2]] })
      make('/top', { backing: 'old', writes: [[1, 1, 3]] })
      const before = content()
      rebase('new')
      expect(content()).toEqual(before)
    }
  })

  it('reads nothing of a layer that both chains stand on', () => {
    const { make, files, content } = bench()
    make('/base', { format: 'raw', size: SIZE, writes: [[0, 16, 1]] })
    make('/middle', { backing: 'base', writes: [[3, 1, 2]] })
    make('/top', { backing: 'middle' })
    const before = content()
    let read = 0
    class Counted extends StorageDecorator {
      override readAt(at: number, into: Uint8Array): void {
        read += into.length
        super.readAt(at, into)
      }
    }
    const counted = wrapSystem(files, (storage, path) => (path === '/base' ? new Counted(storage) : storage))
    const engine = createEngine(undefined, { files: counted, ...portable })
    const { copied } = engine.rebase({ path: '/top', backing: { name: 'base', format: 'raw' }, mode: 'safe' }, context)
    expect(copied).toBe(CLUSTER)
    expect(read).toBeLessThanOrEqual(2 * CLUSTER)
    expect(content()).toEqual(before)
  })

  it('unsafe changes the name alone, wherever that leads', () => {
    const { rebase, runs, files } = standard()
    const before = runs('/top').filter((run) => run.endsWith(' 0'))
    files.remove('/old')
    expect(rebase('missing', { mode: 'unsafe', backing: { name: 'missing', format: 'raw' } })).toMatchObject({
      copied: 0,
      info: { backingName: 'missing', backingFormat: 'raw' },
    })
    expect(rebase(null, { mode: 'unsafe' }).info.backingName).toBeUndefined()
    expect(runs('/top').filter((run) => run.includes('data'))).toEqual(before)
  })

  it('unsafe, too, hides what lies below wherever zeros were written (compat 1.1)', () => {
    const { make, rebase, runs } = bench()
    make('/new', { writes: [[0, 16, 9]] })
    make('/top', {
      writes: [
        [1, 2, 3],
        [1, 1, 0],
        [8, 1, 0],
      ],
    })
    rebase('new', { mode: 'unsafe' })
    expect(runs('/top').filter((run) => run.endsWith(' 0'))).toEqual(['1+1 zero 0', '2+1 data 0', '8+1 zero 0'])
  })

  it('keeps its snapshots, and of the disk what an overlay on it reads', () => {
    const { rebase, content, make, engine, assertSound } = standard()
    engine.snapshot({ path: '/top', action: { do: 'create', name: 'kept' } }, context)
    make('/above', { backing: 'top', writes: [[9, 1, 8]] })
    const before = [content(), content('/above')]
    expect(rebase('new', { changeSnapshots: true }).info.snapshots).toHaveLength(1)
    expect([content(), content('/above')]).toEqual(before)
    assertSound()
  })

  it('stopped at any moment leaves the disk and the name as they were', () => {
    for (let nth = 1; ; nth++) {
      const { make, engine, content, assertSound } = bench()
      make('/old', { size: 2 ** 23, qcow2: { clusterSize: 65536 }, writes: [[0, 2000, 3]] })
      make('/top', { size: 2 ** 23, backing: 'old', writes: [[5, 1, 5]] })
      const before = content()
      let seen = 0
      const checkpoint = () => {
        if (++seen === nth) throw new StrataError('CANCELLED', 'stopped')
      }
      const request = { path: '/top', backing: null, mode: 'safe' } as const
      const code = codeOf(() => engine.rebase(request, { ...context, job: { checkpoint, report() {} } }))
      expect(Buffer.compare(content(), before)).toBe(0)
      assertSound()
      if (code === 'none') {
        expect(nth).toBeGreaterThan(3)
        return
      }
      expect([code, engine.info({ path: '/top' }, context).layers[0]!.backingName]).toEqual(['CANCELLED', 'old'])
    }
  })
})

describe('rebase refuses, and changes nothing:', () => {
  const refused = (
    code: string,
    { files, content, rebase }: ReturnType<typeof bench>,
    backing: string | null,
    request: Partial<RebaseRequest> = {},
  ) => {
    const path = request.path ?? '/top'
    const before = content(path)
    expect(codeOf(() => rebase(backing, request))).toBe(code)
    expect(content(path)).toEqual(before)
    expect(files.openHandles).toBe(0)
  }

  it('itself, and what stands on it', () => {
    const here = standard()
    here.make('/above', { backing: 'top' })
    for (const backing of ['top', './top', 'above']) refused('CHAIN', here, backing)
    refused('CHAIN', here, 'above', { path: '/old' })
  })

  it('its own data file', () => {
    const here = bench()
    here.make('/old', {})
    here.make('/top', { backing: 'old', qcow2: { dataFile: 'data' } })
    refused('CHAIN', here, 'data', { backing: { name: 'data', format: 'raw' } })
  })

  it('a name that leads nowhere, a format that is none, a raw overlay, a raw data file', () => {
    const here = standard()
    refused('NOT_FOUND', here, 'missing')
    here.make('/raw', { format: 'raw' })
    refused('BAD_MAGIC', here, 'raw', { backing: { name: 'raw', format: 'qcow2' } })
    refused('UNSUPPORTED', here, 'new', { path: '/raw' })
    refused('UNSUPPORTED', here, 'new', { path: '/raw', mode: 'unsafe' })
    here.make('/outside', { qcow2: { dataFile: 'data', dataFileRaw: true } })
    refused('INVALID_ARGUMENT', here, 'new', { path: '/outside' })
  })

  it('to pack what can’t be packed', () => {
    const here = bench()
    here.make('/old', {})
    here.make('/top', { backing: 'old', qcow2: { dataFile: 'data' } })
    refused('UNSUPPORTED', here, null, { compress: true })
  })
})

it('encrypted images are decrypted and encrypted as each has it, and refused without their passphrases', () => {
  const secrets = { '/top': bytesOf('above'), '/old': bytesOf('below'), '/new': bytesOf('beside') }
  const { platform, engine, files } = bench()
  const all = { ...context, secrets }
  for (const [path, backing, byte] of [
    ['/old', undefined, 1],
    ['/new', undefined, 2],
    ['/top', 'old', 3],
  ] as const) {
    const qcow2 = { clusterSize: CLUSTER, encrypt: { format: 'aes', secret: path } } as const
    engine.create({ path, format: 'qcow2', size: SIZE, qcow2, ...(backing && { backing: { name: backing } }), overwrite: false }, all)
    const disk = openDisk(platform, path, { ...all, writable: true })
    disk.writeAt(byte * CLUSTER, new Uint8Array(3 * CLUSTER).fill(byte))
    disk.close()
  }
  const content = () => {
    const disk = openDisk(platform, '/top', all)
    const bytes = new Uint8Array(SIZE)
    disk.readAt(0, bytes)
    disk.close()
    return bytes
  }
  const before = content()
  const request = { path: '/top', backing: { name: 'new', format: 'qcow2' }, mode: 'safe' } as const
  for (const missing of ['/top', '/old', '/new']) {
    const known = Object.fromEntries(Object.entries(secrets).filter(([path]) => path !== missing))
    expect(
      codeOf(() => engine.rebase(request, { ...context, secrets: known })),
      missing,
    ).toBe('NO_PASSPHRASE')
  }
  expect(codeOf(() => engine.rebase({ ...request, compress: true }, all))).toBe('UNSUPPORTED')
  expect(content()).toEqual(before)
  expect(engine.rebase(request, all).copied).toBeGreaterThan(0)
  expect(content()).toEqual(before)
  expect(files.openHandles).toBe(0)
})

it('clusters that hold random bytes are copied plain when packing gains nothing', () => {
  const { make, platform, rebase, runs, content, assertSound } = bench()
  make('/old', { size: CLUSTER * 2 + 512 })
  const disk = openDisk(platform, '/old', { ...context, writable: true })
  disk.writeAt(0, new Random(3).bytes(CLUSTER))
  disk.writeAt(CLUSTER, new Random(4).text(CLUSTER + 512))
  disk.close()
  make('/top', { size: CLUSTER * 2 + 512, backing: 'old' })
  const before = content()
  rebase(null, { compress: true })
  expect(runs('/top')).toEqual(['0+1 data 0', '1+1 packed 0', '2+0.125 packed 0'])
  expect(content()).toEqual(before)
  assertSound()
})
