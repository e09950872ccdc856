import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileStorage } from '../../../../src/engine/io/file.node.ts'
import { sparseCalls } from '../../../../src/engine/io/sparse.node.ts'
import type { StorageRun } from '../../../../src/engine/io/storage.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const windows = process.platform === 'win32'
let folder: string
const place = (name: string): string => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-file-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function make(name: string, bytes = Uint8Array.of(1, 2, 3)): string {
  const path = place(name)
  writeFileSync(path, bytes)
  return path
}

describe('a file on the system', () => {
  it('is read, written and seen by others', () => {
    const storage = FileStorage.create(place('plain'))
    storage.writeAt(0, Uint8Array.of(1, 2, 3, 4))
    storage.writeAt(2, Uint8Array.of(9))
    storage.flush()
    const other = FileStorage.open(place('plain'), false)
    const into = new Uint8Array(3)
    other.readAt(1, into)
    expect([...into]).toEqual([2, 9, 4])
    expect([other.size, other.writable, storage.writable]).toEqual([4, false, true])
    other.close()
    storage.close()
  })

  it('reads and writes far beyond 4 GiB', () => {
    const storage = FileStorage.create(place('far'))
    const at = 2 ** 41 + 12345
    storage.writeAt(at, Uint8Array.of(42))
    storage.writeAt(2 ** 32 - 1, Uint8Array.of(1, 2))
    expect(storage.size).toBe(at + 1)
    const into = new Uint8Array(2)
    storage.readAt(2 ** 32 - 1, into)
    expect([...into]).toEqual([1, 2])
    storage.readAt(at - 1, into)
    expect([...into]).toEqual([0, 42])
    storage.close()
    expect(statSync(place('far')).size).toBe(at + 1)
  })

  it('refuses to be written when it was opened for reading, and stays as it was', () => {
    const storage = FileStorage.open(make('fixed'), false)
    const calls = [() => storage.writeAt(0, Uint8Array.of(7)), () => storage.zeroAt(0, 1), () => storage.truncate(0)]
    for (const call of calls) expect(thrown(call).code).toBe('READ_ONLY')
    storage.flush()
    storage.close()
    expect(statSync(place('fixed')).size).toBe(3)
  })

  it('refuses what lies past its end, naming the place', () => {
    const path = make('short')
    const storage = FileStorage.open(path, true)
    expect(thrown(() => storage.readAt(1, new Uint8Array(3)))).toMatchObject({ code: 'OUT_OF_RANGE', where: { path, offset: 1 } })
    expect(thrown(() => [...storage.extents(0, 4)]).code).toBe('OUT_OF_RANGE')
    expect(thrown(() => storage.writeAt(2 ** 53, Uint8Array.of(1))).code).toBe('OUT_OF_RANGE')
    storage.close()
  })

  it('says so when another program cut it short', () => {
    const path = make('cut', new Uint8Array(5000))
    const storage = FileStorage.open(path, false)
    writeFileSync(path, Uint8Array.of(1))
    expect(thrown(() => storage.readAt(0, new Uint8Array(5000)))).toMatchObject({ code: 'IO', where: { path, offset: 1 } })
    storage.close()
  })

  it('can be closed twice, and does nothing after that', () => {
    const storage = FileStorage.open(make('closed'), true)
    storage.close()
    storage.close()
    expect(thrown(() => storage.writeAt(0, Uint8Array.of(1))).code).toBe('IO')
  })

  it('replaces nothing when it is made', () => {
    const path = make('taken')
    expect(thrown(() => FileStorage.create(path))).toMatchObject({ code: 'EXISTS', where: { path } })
    expect(statSync(path).size).toBe(3)
  })
})

describe('what is no file', () => {
  it('is refused as a folder', () => {
    expect(thrown(() => FileStorage.open(folder, false))).toMatchObject({ code: 'INVALID_ARGUMENT', where: { path: folder } })
    expect(thrown(() => FileStorage.open(folder, false)).message).toContain('folder')
  })

  it('is refused as missing, also behind a link or under a file', () => {
    symlinkSync(place('nowhere'), place('dangling'))
    for (const path of [place('nowhere'), place('dangling'), join(make('leaf'), 'below')])
      expect(thrown(() => FileStorage.open(path, true))).toMatchObject({ code: 'NOT_FOUND', where: { path } })
  })

  it.skipIf(windows)('is refused as a pipe, without waiting for its other end', () => {
    execFileSync('mkfifo', [place('pipe')])
    for (const writable of [false, true]) expect(thrown(() => FileStorage.open(place('pipe'), writable)).message).toContain('pipe')
  })

  it.skipIf(windows)('is refused as a device that never ends', () => {
    expect(thrown(() => FileStorage.open('/dev/zero', false))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

const sparse = sparseCalls()
const holes = (runs: Iterable<StorageRun>): StorageRun[] => [...runs].filter((run) => run.hole)

/** Whether the temporary folder's file system keeps holes and tells of them. */
function keepsHoles(): boolean {
  const path = join(mkdtempSync(join(tmpdir(), 'strata-holes-')), 'x')
  const storage = FileStorage.create(path)
  try {
    storage.truncate(2 ** 20)
    return holes(storage.extents(0, 2 ** 20)).length > 0
  } finally {
    storage.close()
    rmSync(join(path, '..'), { recursive: true })
  }
}

describe('holes', () => {
  it('are found by koffi on this system', (context) => {
    context.skip(windows, 'Windows tells of holes by another call')
    expect(sparse).toBeDefined()
  })

  it('are told where nothing was written', (context) => {
    context.skip(!keepsHoles(), 'the temporary folder lies on a file system that does not tell of holes')
    const storage = FileStorage.create(place('sparse'))
    const MIB = 2 ** 20
    storage.truncate(10 * 1024 * MIB)
    storage.writeAt(5 * 1024 * MIB, new Uint8Array(MIB).fill(1))
    expect([...storage.extents(0, storage.size)]).toEqual([
      { at: 0, length: 5 * 1024 * MIB, hole: true },
      { at: 5 * 1024 * MIB, length: MIB, hole: false },
      { at: 5 * 1024 * MIB + MIB, length: 5 * 1024 * MIB - MIB, hole: true },
    ])
    expect([...storage.extents(5 * 1024 * MIB + 100, 1000)]).toEqual([{ at: 5 * 1024 * MIB + 100, length: 1000, hole: false }])
    expect([...storage.extents(1000, 3000)]).toEqual([{ at: 1000, length: 3000, hole: true }])
    storage.close()
  })

  it('are punched where bytes are zeroed, and give their room back', (context) => {
    context.skip(process.platform !== 'linux' || !keepsHoles(), 'holes are punched on Linux, where the file system can')
    const path = place('punched')
    const storage = FileStorage.create(path)
    storage.writeAt(0, new Uint8Array(2 ** 20).fill(1))
    storage.flush()
    const before = statSync(path).blocks
    storage.zeroAt(65_536 + 100, 524_288)
    storage.flush()
    expect(before - statSync(path).blocks).toBeGreaterThanOrEqual((524_288 - 65_536) / 512)
    expect(holes(storage.extents(0, storage.size))).toHaveLength(1)
    const into = new Uint8Array(2 ** 20)
    storage.readAt(0, into)
    expect(into.indexOf(0)).toBe(65_536 + 100)
    expect(into.lastIndexOf(0)).toBe(65_536 + 100 + 524_288 - 1)
    storage.close()
  })

  it.each([false, true])('are not what allocated zeros become: their room is taken (written %s)', (written) => {
    const path = place(`allocated-${written}`)
    const storage = FileStorage.create(path)
    storage.writeAt(0, new Uint8Array(100_000).fill(1))
    storage.allocateAt(50_000, 2 ** 21, written)
    storage.flush()
    expect(storage.size).toBe(50_000 + 2 ** 21)
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(2 ** 21)
    const into = new Uint8Array(storage.size)
    storage.readAt(0, into)
    expect(into.indexOf(0)).toBe(50_000)
    expect(into.lastIndexOf(1)).toBe(49_999)
    storage.close()
  })

  it('cost nothing past the end: 1 TiB of zeros is a longer file', () => {
    const storage = FileStorage.create(place('long'))
    storage.writeAt(0, Uint8Array.of(1))
    storage.zeroAt(1, 2 ** 40)
    expect(storage.size).toBe(2 ** 40 + 1)
    storage.close()
    expect(statSync(place('long')).blocks * 512).toBeLessThan(2 ** 20)
  })
})

describe('a full drive', () => {
  it('is told with its place and what to do', (context) => {
    context.skip(windows, 'uses the limit on file sizes that POSIX shells set')
    const script = `
      import { FileStorage } from ${JSON.stringify(new URL('../../../../src/engine/io/file.node.ts', import.meta.url).href)}
      const storage = FileStorage.create(process.argv[1])
      try { storage.writeAt(0, new Uint8Array(2 ** 20)) } catch (error) { console.log(JSON.stringify({ ...error.toDto(), size: storage.size })) }`
    // The system stops the file at 16 blocks of 512 bytes or of 1 KiB, in the middle of the write.
    const shell = 'ulimit -f 16; trap "" XFSZ; exec "$0" --input-type=module -e "$1" "$2"'
    const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, script, place('limited')], { encoding: 'utf8' })
    expect(stdout, stderr).not.toBe('')
    const { code, where, hint, size } = JSON.parse(stdout) as {
      code: string
      where: { path: string; offset: number }
      hint: string
      size: number
    }
    expect(code).toBe('NO_SPACE')
    expect(where).toEqual({ path: place('limited'), offset: statSync(place('limited')).size })
    expect(size).toBe(where.offset)
    expect(hint).toContain('Choose')
  })
})
