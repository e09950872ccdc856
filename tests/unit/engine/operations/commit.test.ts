import { describe, expect, it } from 'vitest'
import type { CommitRequest } from '../../../../src/shared/requests.ts'
import { StrataError } from '../../../../src/shared/errors.ts'
import { bytesOf } from '../../../../src/engine/base/bytes.ts'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, unwatched } from '../../../../src/engine/index.ts'
import type { GateRule } from '../../../../src/engine/io/gate.ts'
import { contentOf } from '../../../fixtures/chains.ts'
import { CLUSTER, layerBench } from '../../../fixtures/layer-bench.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = CLUSTER * 32

function bench(secrets?: Record<string, Uint8Array>) {
  const here = layerBench({ secrets })
  const { files, engine } = here
  const commit = (request: Partial<CommitRequest> = {}) => engine.commit({ path: '/top', ...request }, here.context)
  const fileBytes = (): Uint8Array[] =>
    files.paths.map((path) => {
      const storage = files.open(path, false)
      const bytes = new Uint8Array(storage.size)
      storage.readAt(0, bytes)
      storage.close()
      return bytes
    })
  const assertSound = (...paths: string[]) => {
    for (const path of paths) expect(engine.check({ path }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
  }
  return { ...here, commit, fileBytes, assertSound }
}

describe('commit', () => {
  it('copies what the overlay holds and no byte more, and empties it', () => {
    const { make, commit, runs, content, assertSound, files } = bench()
    make('/base', { format: 'raw', size: SIZE, writes: [[0, 4, 1]] })
    make('/top', {
      backing: 'base',
      writes: [
        [2, 1, 2],
        [3, 1, 0],
        [8, 2, 3],
      ],
    })
    const before = content('/top')
    const filled = files.facts('/top')!.size
    const { copied, info } = commit()
    expect({ copied, path: info.path }).toEqual({ copied: 3 * CLUSTER, path: '/base' })
    expect(content('/top')).toEqual(before)
    expect(content('/base')).toEqual(before)
    expect(runs('/base')).toEqual(['0+3 data 0', '3+5 zero 0', '8+2 data 0', '10+22 zero 0'])
    expect(runs('/top').every((run) => run.endsWith(' 1'))).toBe(true)
    expect(files.facts('/top')!.size).toBeLessThan(filled)
    assertSound('/top')
  })

  it('hides what lies under the base with zeros, and writes none where it reads as zeros already', () => {
    const { make, commit, runs, content } = bench()
    make('/lowest', { format: 'raw', size: SIZE, writes: [[0, 2, 1]] })
    make('/base', { backing: 'lowest' })
    make('/top', {
      backing: 'base',
      writes: [
        [0, 1, 0],
        [4, 8, 0],
      ],
    })
    const before = content('/top')
    expect(commit().copied).toBe(0)
    expect(content('/base')).toEqual(before)
    expect(runs('/base')).toEqual(['0+1 zero 0', '1+1 data 1', '2+30 zero 1'])
  })

  it('grows the base; what its own backing file has there stays hidden', () => {
    const { make, commit, content, assertSound } = bench()
    make('/lowest', { format: 'raw', size: SIZE, writes: [[0, 32, 9]] })
    make('/base', { size: CLUSTER * 4, backing: 'lowest' })
    make('/top', { size: SIZE, backing: 'base', writes: [[20, 1, 7]] })
    const before = content('/top')
    expect(commit().info.virtualSize).toBe(SIZE)
    expect(content('/top')).toEqual(before)
    expect(content('/base')).toEqual(before)
    assertSound('/base', '/top')
  })

  it('leaves of a larger base what lies behind the overlay', () => {
    const { make, commit, content } = bench()
    make('/base', { size: SIZE, writes: [[0, 32, 5]] })
    make('/top', { size: CLUSTER * 3, backing: 'base', writes: [[2, 1, 6]] })
    commit()
    expect(
      content('/base')
        .subarray(CLUSTER * 3)
        .every((byte) => byte === 5),
    ).toBe(true)
    expect(content('/base')[CLUSTER * 2]).toBe(6)
  })

  it.each([
    ['keep', { keep: true }, ['2+1 data 0']],
    ['the own backing file by name, which empties it', { base: '/base' }, ['2+1 data 1']],
    ['the own backing file by name, and keep', { base: '/base', keep: true }, ['2+1 data 0']],
  ])('with %s', (_name, request, expected) => {
    const { make, commit, runs } = bench()
    make('/base', { size: SIZE })
    make('/top', { backing: 'base', writes: [[2, 1, 2]] })
    commit(request)
    expect(runs('/top').filter((run) => run.includes('data'))).toEqual(expected)
  })

  it('to a lower layer takes what the layers between hold along, and empties nothing', () => {
    const { make, commit, content, runs } = bench()
    make('/base', { size: SIZE, writes: [[0, 8, 1]] })
    make('/short', { size: CLUSTER * 6, backing: 'base', writes: [[1, 1, 2]] })
    make('/top', { size: SIZE, backing: 'short', writes: [[2, 1, 3]] })
    const before = content('/top')
    commit({ base: '/base' })
    expect(content('/top')).toEqual(before)
    expect(content('/base')).toEqual(before) // behind the end of the short layer zeros show, not what the base had
    expect(runs('/top')).toContain('2+1 data 0')
  })

  it('keeps the snapshots of both images, marks the bitmaps of the base and leaves those of the overlay', () => {
    const { make, commit, engine, open, platform, assertSound } = bench()
    make('/base', { size: SIZE, writes: [[0, 4, 1]] })
    make('/top', { backing: 'base', writes: [[2, 1, 2]] })
    for (const path of ['/base', '/top']) {
      engine.snapshot({ path, action: { do: 'create', name: 'kept' } }, context)
      engine.bitmap({ path, name: 'marks', actions: [{ do: 'add', granularity: CLUSTER }] }, context)
    }
    commit({ changeSnapshots: true })
    assertSound('/base', '/top')
    const base = open('/base')
    expect([...base.driver.bitmaps!.marked('marks')]).toEqual([{ at: 2 * CLUSTER, length: CLUSTER }])
    base.close()
    const top = open('/top')
    expect(top.driver.bitmaps!.list()).toMatchObject([{ name: 'marks', flags: ['auto'] }])
    expect([...top.driver.bitmaps!.marked('marks')]).toEqual([])
    top.close()
    const read = (path: string) => {
      const disk = openDisk(platform, path, { ...context, snapshot: 'kept' })
      const bytes = new Uint8Array(CLUSTER)
      disk.readAt(2 * CLUSTER, bytes)
      disk.close()
      return bytes[0]
    }
    expect([read('/base'), read('/top')]).toEqual([1, 2])
  })

  it('empties the data file of an overlay that has one', () => {
    const { make, commit, content, files } = bench()
    make('/base', { size: SIZE })
    make('/top', { backing: 'base', qcow2: { dataFile: 'data' }, writes: [[2, 4, 2]] })
    const before = content('/top')
    expect(files.facts('/data')!.allocated).toBeGreaterThanOrEqual(4 * CLUSTER)
    commit()
    expect(content('/top')).toEqual(before)
    expect(files.facts('/data')!.allocated).toBe(0)
  })

  it('decrypts and encrypts as each image has it', () => {
    const secrets = { '/top': bytesOf('above'), '/base': bytesOf('below') }
    const { make, commit, content } = bench(secrets)
    make('/base', { size: SIZE, qcow2: { encrypt: { format: 'aes', secret: '/base' } }, writes: [[0, 2, 1]] })
    make('/top', { backing: 'base', qcow2: { encrypt: { format: 'aes', secret: '/top' } }, writes: [[1, 3, 2]] })
    const before = content('/top')
    commit()
    expect(content('/base')).toEqual(before)
    expect(content('/top')).toEqual(before)
  })

  it('keeps to a rate', () => {
    const { make, engine } = bench()
    make('/base', { format: 'raw', size: 2 ** 23 })
    make('/top', { backing: 'base', qcow2: { clusterSize: 65536 }, writes: [[0, 2048, 1]] })
    let waited = 0
    const wait = (milliseconds: number): void => {
      waited += milliseconds
      throw new StrataError('CANCELLED', 'waited long enough')
    }
    const job = { ...unwatched, wait }
    expect(codeOf(() => engine.commit({ path: '/top', rate: 2 ** 20 }, { ...context, job }))).toBe('CANCELLED')
    expect(waited).toBeGreaterThan(1000) // two mebibytes were let through at once, and are paid for in two seconds
    expect(engine.commit({ path: '/top' }, { ...context, job }).copied).toBe(2 ** 23)
  })

  it('stopped at any moment leaves an overlay that reads as before', () => {
    for (let nth = 1; ; nth++) {
      const { make, engine, content, assertSound } = bench()
      make('/base', { size: CLUSTER })
      make('/top', {
        size: SIZE,
        backing: 'base',
        writes: [
          [0, 2, 2],
          [4, 2, 3],
          [9, 1, 4],
        ],
      })
      const before = content('/top')
      let seen = 0
      const checkpoint = () => {
        if (++seen === nth) throw new StrataError('CANCELLED', 'stopped')
      }
      const code = codeOf(() => engine.commit({ path: '/top' }, { ...context, job: { checkpoint, report() {} } }))
      expect(content('/top')).toEqual(before)
      assertSound('/top', '/base')
      if (code === 'none') {
        expect(nth).toBeGreaterThan(3)
        return
      }
      expect(code).toBe('CANCELLED')
    }
  })
})

describe('commit refuses, and changes nothing,', () => {
  const refused = (code: string, { files, fileBytes, commit }: ReturnType<typeof bench>, request: Partial<CommitRequest> = {}): void => {
    const before = fileBytes()
    expect(codeOf(() => commit(request))).toBe(code)
    expect(fileBytes()).toEqual(before)
    expect(files.openHandles).toBe(0)
  }

  it('an image without a backing file, and a layer that is not in its chain', () => {
    const here = bench()
    here.make('/base', { size: SIZE })
    here.make('/other', { size: SIZE })
    here.make('/top', { backing: 'base', writes: [[0, 1, 1]] })
    refused('INVALID_ARGUMENT', here, { path: '/base' })
    for (const base of ['/other', '/top', '/missing', '/no/folder']) refused('NOT_FOUND', here, { base })
  })

  it('a base that can’t grow', () => {
    const here = bench()
    here.make('/base', { size: CLUSTER, qcow2: { compat: '0.10' } })
    here.engine.snapshot({ path: '/base', action: { do: 'create', name: 's' } }, context)
    here.make('/top', { size: SIZE, backing: 'base', writes: [[0, 1, 1]] })
    refused('UNSUPPORTED', here)
  })

  it('a base that may be read only', () => {
    const here = bench()
    here.make('/base', { size: SIZE })
    here.make('/top', { backing: 'base', writes: [[0, 1, 1]] })
    const gate: GateRule = { kind: 'granted', roots: [], files: ['/top', '/base'], writable: ['/top'] }
    refused('DENIED', { ...here, commit: (request) => here.engine.commit({ path: '/top', ...request }, { ...context, gate }) })
  })

  it('encrypted images without their passphrases', () => {
    const secrets = { '/base': bytesOf('below') }
    const made = bench(secrets)
    made.make('/base', { size: SIZE, qcow2: { encrypt: { format: 'aes', secret: '/base' } } })
    made.make('/top', { backing: 'base', writes: [[0, 1, 1]] })
    refused('NO_PASSPHRASE', { ...made, commit: () => made.engine.commit({ path: '/top' }, context) })
  })

  it('a base that holds the data of the overlay', () => {
    const here = bench()
    here.make('/base', { format: 'raw', size: SIZE })
    here.make('/top', { backing: 'base', qcow2: { dataFile: 'data' }, writes: [[0, 1, 1]] })
    here.engine.amend({ path: '/top', changes: { dataFile: 'base' } }, context)
    refused('CHAIN', here)
    refused('CHAIN', here, { keep: true })
  })
})

it('a chain that reads through an image which was committed reads what was committed', () => {
  const { make, commit, platform, content } = bench()
  make('/base', { size: SIZE, writes: [[0, 1, 1]] })
  make('/top', { backing: 'base', writes: [[1, 1, 2]] })
  make('/branch', { backing: 'base' })
  commit()
  expect(contentOf(platform, '/branch')).toEqual(content('/top'))
})
