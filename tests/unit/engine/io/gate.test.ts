import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../../../src/engine/io/file-system.node.ts'
import { type GateRule, isUnder, passGate } from '../../../../src/engine/io/gate.ts'
import { codeOf, thrown } from '../../../fixtures/thrown.ts'

describe('a path', () => {
  it.each([
    ['/disks', '/disks', true],
    ['/disks/a', '/disks', true],
    ['/disks/a', '/disks/', true],
    ['/disks-of-others/a', '/disks', false],
    ['/disk', '/disks', false],
    ['/a', '/', true],
    ['C:\\disks\\a', 'C:\\disks', true],
    ['C:\\disks-of-others', 'C:\\disks', false],
    ['C:\\a', 'C:\\', true],
  ])('%s under %s: %s', (path, folder, under) => {
    expect(isUnder(path, folder)).toBe(under)
  })
})

describe('the gate', () => {
  let root: string
  const place = (name: string): string => join(root, name)
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'strata-gate-')))
    for (const folder of ['mine', 'mine/in', 'theirs']) mkdirSync(place(folder))
    for (const file of ['mine/a', 'mine/in/b', 'theirs/c', 'theirs/d']) writeFileSync(place(file), '')
    symlinkSync('../theirs/c', place('mine/link-out'))
    symlinkSync('../mine/a', place('theirs/link-in'))
  })
  afterAll(() => {
    rmSync(root, { recursive: true })
  })

  const pass = (rule: GateRule, name: string): string => codeOf(() => passGate(rule, nodeFileSystem, place(name), place('mine/top')))

  it('lets names through that lead under a granted folder, wherever they seem to lie', () => {
    const rule: GateRule = { kind: 'granted', roots: [place('mine')], files: [place('theirs/d')] }
    for (const name of ['mine/a', 'mine/in/b', 'mine/in/../a', 'theirs/link-in', 'theirs/d', 'mine/not-there'])
      expect(pass(rule, name), name).toBe('none')
    for (const name of ['theirs/c', 'mine/link-out', 'mine/../theirs/c', 'mine/in/../../theirs/c'])
      expect(pass(rule, name), name).toBe('DENIED')
  })

  it('says which image named what it refuses, and what to do', () => {
    const rule: GateRule = { kind: 'granted', roots: [], files: [] }
    const error = thrown(() => passGate(rule, nodeFileSystem, place('theirs/c'), place('mine/top')))
    expect(error).toMatchObject({ code: 'DENIED', where: { path: place('mine/top') } })
    expect(error.message).toContain(place('theirs/c'))
    expect(error.hint).toBeDefined()
  })

  it('lets nothing but files through, whatever the rule', () => {
    for (const rule of [{ kind: 'follow' }, { kind: 'granted', roots: [root], files: [] }] satisfies GateRule[]) {
      expect(pass(rule, 'mine/in')).toBe('DENIED')
      expect(pass(rule, 'mine/a')).toBe('none')
    }
    expect(codeOf(() => passGate({ kind: 'follow' }, nodeFileSystem, '/dev/zero', place('mine/top')))).toBe('DENIED')
  })
})
