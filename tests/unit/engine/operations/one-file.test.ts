import { linkSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDisk } from '../../../../src/engine/device/open.ts'
import { type CallContext, createEngine, type GateRule, unwatched } from '../../../../src/engine/index.ts'
import { nodeFileSystem } from '../../../../src/engine/io/file-system.node.ts'
import { native } from '../../../fixtures/platform.ts'
import { scratchFolder } from '../../../fixtures/scratch.ts'
import { codeOf } from '../../../fixtures/thrown.ts'

const SIZE = 2 ** 20
const follow: CallContext = { gate: { kind: 'follow' }, job: unwatched }

function bench() {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  const platform = { files: nodeFileSystem, ...native }
  const engine = createEngine(undefined, platform)
  const make = (name: string, request: Partial<Parameters<typeof engine.create>[0]> = {}): void => {
    engine.create({ path: at(name), format: 'qcow2', size: SIZE, overwrite: false, ...request }, follow)
  }
  const fill = (name: string, byte: number): void => {
    const disk = openDisk(platform, at(name), { ...follow, writable: true })
    disk.writeAt(0, new Uint8Array(SIZE / 2).fill(byte))
    disk.close()
  }
  return { at, engine, make, fill }
}

describe.skipIf(process.platform === 'win32')('one file under two names, by a hard link', () => {
  it('is not written over by what is read from it', () => {
    const { at, engine, make, fill } = bench()
    make('disk')
    fill('disk', 7)
    linkSync(at('disk'), at('twin'))
    const before = readFileSync(at('disk'))
    for (const inPlace of ['unknown', 'zeros', 'compared'] as const)
      expect(
        codeOf(() =>
          engine.convert(
            {
              source: { path: at('disk') },
              range: { start: 0, length: 65536 },
              target: { path: at('twin'), format: 'raw', inPlace },
              overwrite: true,
            },
            follow,
          ),
        ),
      ).toBe('SAME_FILE')
    expect(readFileSync(at('disk')).equals(before)).toBe(true)
  })

  it('is not emptied as the data file of what was committed into it', () => {
    const { at, engine, make, fill } = bench()
    make('base', { format: 'raw' })
    make('top', { backing: { name: 'base', format: 'raw' }, qcow2: { dataFile: 'data' } })
    fill('base', 1)
    fill('top', 2)
    renameSync(at('base'), at('data'))
    linkSync(at('data'), at('base'))
    const before = readFileSync(at('base'))
    expect(codeOf(() => engine.commit({ path: at('top') }, follow))).toBe('CHAIN')
    expect(readFileSync(at('base')).equals(before)).toBe(true)
  })

  it('does not become its own backing file', () => {
    const { at, engine, make, fill } = bench()
    make('disk')
    fill('disk', 7)
    linkSync(at('disk'), at('twin'))
    const before = readFileSync(at('disk'))
    expect(codeOf(() => engine.rebase({ path: at('disk'), backing: { name: 'twin' }, mode: 'safe' }, follow))).toBe('CHAIN')
    expect(readFileSync(at('disk')).equals(before)).toBe(true)
  })
})

describe.skipIf(process.platform === 'win32')('a backing file that an order names', () => {
  it('is not followed through a link out of what was granted, however it is written', () => {
    const { at, engine, make } = bench()
    for (const folder of ['mine', 'theirs', 'theirs/in']) mkdirSync(at(folder))
    make('mine/disk')
    make('mine/secret')
    make('theirs/secret')
    symlinkSync('../theirs/in', at('mine/link'))
    const gate: GateRule = { kind: 'granted', roots: [at('mine')], files: [] }
    const name = 'link/../secret' // as text, this is a neighbour
    const outcomes = [
      () => engine.rebase({ path: at('mine/disk'), backing: { name }, mode: 'safe' }, { gate, job: unwatched }),
      () => engine.create({ path: at('mine/new'), format: 'qcow2', backing: { name }, overwrite: false }, { gate, job: unwatched }),
      () =>
        engine.convert(
          { source: { path: at('mine/disk') }, target: { path: at('mine/new'), format: 'qcow2', backing: { name } }, overwrite: false },
          { gate, job: unwatched },
        ),
    ]
    expect(outcomes.map(codeOf)).toEqual(['DENIED', 'DENIED', 'DENIED'])
  })
})
