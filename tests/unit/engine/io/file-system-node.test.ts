import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeFileSystem as files } from '../../../../src/engine/io/file-system.node.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const NOBODY = 65_534
const root = process.getuid?.() === 0

let folder: string
const place = (name: string): string => join(folder, name)
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'strata-node-')))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe.skipIf(process.platform === 'win32')('links', () => {
  it('are followed to the one canonical path', () => {
    mkdirSync(place('real'))
    writeFileSync(place('real/disk'), 'x')
    symlinkSync('real', place('folder-link'))
    symlinkSync('folder-link/disk', place('file-link'))
    expect(files.canonical(place('file-link'))).toBe(place('real/disk'))
    expect(files.canonical(place('folder-link/new'))).toBe(place('real/new'))
  })

  it('that lead to nothing yet lead to the file that will be there', () => {
    mkdirSync(place('real'))
    symlinkSync('real/later', place('link'))
    symlinkSync('link', place('link-to-link'))
    expect(files.canonical(place('link-to-link'))).toBe(place('real/later'))
  })

  it('that go in a circle are refused', () => {
    symlinkSync('b', place('a'))
    symlinkSync('a', place('b'))
    expect(thrown(() => files.canonical(place('a'))).code).toBe('INVALID_ARGUMENT')
    expect(thrown(() => files.open(place('a'), false)).code).toBe('INVALID_ARGUMENT')
  })

  it('keep their own meaning of ..', () => {
    mkdirSync(place('deep/er'), { recursive: true })
    writeFileSync(place('deep/base'), 'base')
    symlinkSync('deep/er', place('link'))
    const named = files.resolve(place('link/top'), '../base')
    expect(files.canonical(named)).toBe(place('deep/base'))
  })
})

describe.skipIf(process.platform === 'win32')('permissions', () => {
  it('are given to another file', () => {
    writeFileSync(place('from'), '')
    writeFileSync(place('to'), '')
    chmodSync(place('from'), 0o640)
    if (root) chownSync(place('from'), NOBODY, NOBODY)
    files.copyMode(place('from'), place('to'))
    const { mode, uid, gid } = statSync(place('to'))
    expect([mode & 0o777, uid, gid]).toEqual([0o640, statSync(place('from')).uid, statSync(place('from')).gid])
  })

  it('that forbid something are told as such, and nothing changes', (context) => {
    writeFileSync(place('secret'), 'x')
    chmodSync(place('secret'), 0)
    chmodSync(folder, 0o555)
    try {
      // The system's administrator is refused nothing, so this test is somebody else for a moment.
      if (root) process.seteuid?.(NOBODY)
    } catch {
      context.skip('this system lets the administrator be nobody else')
    }
    try {
      expect(thrown(() => files.open(place('secret'), false))).toMatchObject({ code: 'DENIED', where: { path: place('secret') } })
      expect(thrown(() => files.create(place('new'))).code).toBe('DENIED')
      expect(thrown(() => files.rename(place('secret'), place('moved'))).code).toBe('DENIED')
      expect(thrown(() => files.remove(place('secret'))).code).toBe('DENIED')
      expect(thrown(() => files.create(place('new'))).hint).toContain('permissions')
    } finally {
      if (root) process.seteuid?.(0)
      chmodSync(folder, 0o755)
    }
    expect(files.facts(place('secret'))?.size).toBe(1)
    expect(files.facts(place('new'))).toBeUndefined()
  })
})

it('a name that no file can have is refused before the system sees it', () => {
  expect(thrown(() => files.open(place('a\0b'), false)).code).toBe('INVALID_ARGUMENT')
  expect(thrown(() => files.create(place('n'.repeat(300)))).code).toBe('INVALID_ARGUMENT')
})

it('facts tell devices and other kinds apart from files', (context) => {
  context.skip(process.platform === 'win32', 'Windows has no such names')
  expect(files.facts('/dev/null')?.kind).toBe('device')
  expect(files.facts(folder)?.kind).toBe('folder')
})

it('names beside a file stay within 255 bytes and are cut between characters', () => {
  for (const name of ['n'.repeat(255), '💾'.repeat(63), `x${'é'.repeat(127)}`]) {
    const beside = basename(files.besideName(place(name)))
    expect(Buffer.byteLength(beside)).toBeLessThanOrEqual(255)
    expect(Buffer.byteLength(beside)).toBeGreaterThan(250)
    expect(Buffer.from(beside).toString()).toBe(beside)
    files.create(place(beside)).close()
  }
})
