import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../../src/engine/io/file-system.ts'
import { nodeFileSystem } from '../../../../src/engine/io/file-system.node.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import type { Storage } from '../../../../src/engine/io/storage.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true })
})

/** An empty place with a folder `in` in it. */
interface Place {
  files: FileSystem
  root: string
}

function onDisk(): Place {
  // The place's own name holds no link, so that canonical paths begin with it.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'strata-system-')))
  made.push(root)
  mkdirSync(join(root, 'in'))
  return { files: nodeFileSystem, root }
}

function inMemory(): Place {
  const files = new MemorySystem()
  files.addFolder('/place/in')
  return { files, root: '/place' }
}

function wrapped(): Place {
  const { files, root } = inMemory()
  return { files: wrapSystem(files, (storage) => storage), root }
}

function fill(files: FileSystem, path: string, ...bytes: number[]): void {
  const storage = files.create(path)
  storage.writeAt(0, Uint8Array.from(bytes))
  storage.close()
}

function bytesOf(storage: Storage): number[] {
  const into = new Uint8Array(storage.size)
  storage.readAt(0, into)
  return [...into]
}

function content(files: FileSystem, path: string): number[] {
  const storage = files.open(path, false)
  try {
    return bytesOf(storage)
  } finally {
    storage.close()
  }
}

describe.each<[string, () => Place]>([
  ['on this machine', onDisk],
  ['in memory', inMemory],
  ['wrapped', wrapped],
])('files %s', (_name, make) => {
  it('are listed with the folders beside them, and none from further down', () => {
    const { files, root } = make()
    fill(files, `${root}/a`)
    fill(files, `${root}/in/b`)
    const listed = files.list(root).sort((one, other) => (one.path < other.path ? -1 : 1))
    expect(listed).toEqual([
      { path: join(root, 'a'), kind: 'file' },
      { path: join(root, 'in'), kind: 'folder' },
    ])
    expect(thrown(() => files.list(`${root}/nowhere`)).code).toBe('NOT_FOUND')
  })

  it('are made once, and opened to be read or written', () => {
    const { files, root } = make()
    const path = `${root}/a`
    fill(files, path, 1, 2, 3)
    expect(thrown(() => files.create(path))).toMatchObject({ code: 'EXISTS', where: { path } })
    expect(content(files, path)).toEqual([1, 2, 3])
    const writable = files.open(path, true)
    writable.writeAt(3, Uint8Array.of(4))
    writable.close()
    expect(content(files, path)).toEqual([1, 2, 3, 4])
    const readable = files.open(path, false)
    expect(thrown(() => readable.writeAt(0, Uint8Array.of(0))).code).toBe('READ_ONLY')
    readable.close()
    expect(thrown(() => readable.readAt(0, new Uint8Array(1))).code).toBe('IO')
  })

  it.each(['it\'s "quoted"', 'two\nlines', 'a b\tc', '-rf', '%s$HOME`x`', 'ünïcödé 磁盘 💾', '.hidden', 'n'.repeat(255)])(
    'may be named %j',
    (name) => {
      const { files, root } = make()
      const path = `${root}/${name}`
      const beside = files.besideName(path)
      fill(files, beside, 5)
      files.rename(beside, path)
      expect(content(files, path)).toEqual([5])
      expect(files.canonical(`${root}/in/../${name}`)).toBe(path)
      files.remove(path)
      expect(files.facts(path)).toBeUndefined()
    },
  )

  it('are missing where they are missing', () => {
    const { files, root } = make()
    for (const path of [`${root}/none`, `${root}/none/none`]) {
      expect(thrown(() => files.open(path, false))).toMatchObject({ code: 'NOT_FOUND', where: { path } })
      expect(files.facts(path)).toBeUndefined()
      files.remove(path)
    }
    expect(thrown(() => files.create(`${root}/none/a`)).code).toBe('NOT_FOUND')
    expect(thrown(() => files.canonical(`${root}/none/a`)).code).toBe('NOT_FOUND')
    expect(thrown(() => files.rename(`${root}/none`, `${root}/b`)).code).toBe('NOT_FOUND')
    fill(files, `${root}/a`, 1)
    expect(thrown(() => files.rename(`${root}/a`, `${root}/none/b`)).code).toBe('NOT_FOUND')
    expect(content(files, `${root}/a`)).toEqual([1])
  })

  it('move over others in one step, and open handles keep what they had', () => {
    const { files, root } = make()
    fill(files, `${root}/old`, 1)
    fill(files, `${root}/new`, 2)
    const old = files.open(`${root}/old`, false)
    const moving = files.open(`${root}/new`, true)
    files.rename(`${root}/new`, `${root}/old`)
    moving.writeAt(1, Uint8Array.of(3))
    expect(content(files, `${root}/old`)).toEqual([2, 3])
    expect(bytesOf(old)).toEqual([1])
    expect(files.facts(`${root}/new`)).toBeUndefined()
    files.remove(`${root}/old`)
    expect(bytesOf(moving)).toEqual([2, 3])
    moving.close()
    old.close()
  })

  it('do not move over folders', () => {
    const { files, root } = make()
    fill(files, `${root}/a`, 1)
    expect(thrown(() => files.rename(`${root}/a`, `${root}/in`)).code).toBe('INVALID_ARGUMENT')
    expect(thrown(() => files.open(`${root}/in`, false)).code).toBe('INVALID_ARGUMENT')
    expect(thrown(() => files.create(`${root}/in`)).code).toBe('EXISTS')
  })

  it('tell their facts', () => {
    const { files, root } = make()
    const before = Date.now()
    const storage = files.create(`${root}/a`)
    storage.truncate(2 ** 30)
    storage.writeAt(0, new Uint8Array(8192).fill(1))
    storage.flush()
    storage.close()
    const facts = files.facts(`${root}/a`)
    expect(facts).toMatchObject({ size: 2 ** 30, kind: 'file' })
    expect(facts?.allocated).toBeGreaterThanOrEqual(8192)
    expect(facts?.allocated).toBeLessThan(2 ** 20)
    expect(Math.abs((facts?.modified ?? 0) - before)).toBeLessThan(60_000)
    expect(files.facts(`${root}/in`)?.kind).toBe('folder')
    expect(files.free(`${root}/a`)).toBeGreaterThan(0)
    expect(files.free(`${root}/not-there-yet`)).toBeGreaterThan(0)
  })

  it('have one canonical path', () => {
    const { files, root } = make()
    fill(files, `${root}/a`, 1)
    for (const path of [`${root}/a`, `${root}/./a`, `${root}//in/../a`]) expect(files.canonical(path)).toBe(`${root}/a`)
    expect(files.canonical(`${root}/in/.././not-there`)).toBe(`${root}/not-there`)
    expect(files.canonical(root)).toBe(root)
  })

  it('are named from the folder of the file that names them', () => {
    const { files } = make()
    expect(files.resolve('/disks/top.qcow2', 'base.qcow2')).toBe('/disks/base.qcow2')
    expect(files.resolve('/disks/top.qcow2', '../old/base.qcow2')).toBe('/disks/../old/base.qcow2')
    expect(files.resolve('/disks/top.qcow2', '/other/base.qcow2')).toBe('/other/base.qcow2')
    expect(files.resolve('top.qcow2', 'base.qcow2')).toBe('base.qcow2')
  })

  it('have hidden names beside them, each new', () => {
    const { files, root } = make()
    const names = Array.from({ length: 20 }, () => files.besideName(`${root}/disk.raw`))
    expect(new Set(names).size).toBe(20)
    for (const name of names) expect(name).toMatch(new RegExp(`^${root}/\\.disk\\.raw\\.strata-[0-9a-f]+$`))
  })
})

it('files in memory say which are there and how many are open', () => {
  const files = new MemorySystem(1234)
  fill(files, '/b', 1)
  const open = files.create('a')
  expect(files.paths).toEqual(['/a', '/b'])
  expect(files.openHandles).toBe(1)
  open.close()
  open.close()
  expect(files.openHandles).toBe(0)
  expect(files.free()).toBe(1234)
  expect(existsSync('/b')).toBe(false)
})

it('a wrapped system wraps each storage, and can make the calls on names fail', () => {
  const { files, root } = onDisk()
  const heard: string[] = []
  const watched = wrapSystem(
    files,
    (storage, path) => {
      heard.push(`wrapped ${path.slice(root.length)}`)
      return storage
    },
    (call, path) => {
      heard.push(`${call} ${path.slice(root.length)}`)
      if (call === 'rename') throw new Error('no renaming today')
    },
  )
  fill(watched, `${root}/a`, 1)
  content(watched, `${root}/a`)
  expect(() => watched.rename(`${root}/a`, `${root}/b`)).toThrow('no renaming today')
  expect(readdirSync(root)).toEqual(['a', 'in'])
  watched.remove(`${root}/a`)
  expect(heard).toEqual(['create /a', 'wrapped /a', 'open /a', 'wrapped /a', 'rename /a', 'remove /a'])
})
