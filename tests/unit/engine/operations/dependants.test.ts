import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CallContext, createEngine, type GateRule, unwatched } from '../../../../src/engine/index.ts'
import { MAX_CHAIN_DEPTH } from '../../../../src/engine/io/gate.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { imageIn } from '../../../fixtures/image-family.ts'
import { portable } from '../../../fixtures/platform.ts'
import { Random } from '../../../fixtures/random.ts'
import { scratchFolder } from '../../../fixtures/scratch.ts'

const context: CallContext = { gate: { kind: 'follow' }, job: unwatched }
const SIZE = 65536

function folder() {
  const files = new MemorySystem()
  const engine = createEngine(undefined, { files, ...portable })
  const image = (path: string, backing?: string, qcow2 = {}): void => {
    const lower = backing === undefined ? {} : { backing: { name: backing, format: 'qcow2', unopened: true } }
    const request = { path, format: 'qcow2', size: SIZE, qcow2: { clusterSize: 512, ...qcow2 }, ...lower, overwrite: true } as const
    engine.create(request, context)
  }
  const write = (path: string, bytes: Uint8Array): void => {
    const file = files.create(path)
    file.writeAt(0, bytes)
    file.close()
  }
  const ask = (path: string, more: { folders?: string[]; gate?: GateRule } = {}) => {
    const { gate = context.gate, ...rest } = more
    const answer = engine.dependants({ path, ...rest }, { ...context, gate })
    expect(files.openHandles).toBe(0)
    return answer
  }
  return { files, engine, image, write, ask }
}

const names = ({ dependants }: { dependants: { path: string }[] }) => dependants.map(({ path }) => path)

describe('dependants', () => {
  it('are the images that go through the file, the nearest first, with the way down to it', () => {
    const { files, image, ask } = folder()
    files.addFolder('/disks/sub')
    image('/disks/base')
    image('/disks/mid', 'base')
    image('/disks/top', 'mid')
    image('/disks/alone')
    image('/disks/sub/branch', '../base')
    image('/disks/aside', 'alone')
    expect(ask('/disks/base')).toEqual({
      folders: ['/disks'],
      dependants: [
        { path: '/disks/mid', chain: ['/disks/mid', '/disks/base'], virtualSize: SIZE },
        { path: '/disks/sub/branch', chain: ['/disks/sub/branch', '/disks/base'], virtualSize: SIZE },
        { path: '/disks/top', chain: ['/disks/top', '/disks/mid', '/disks/base'], virtualSize: SIZE },
      ],
      unread: [],
      complete: true,
    })
    expect(names(ask('/disks/top'))).toEqual([])
    expect(names(ask('/disks/base', { folders: ['/disks/sub'] }))).toEqual(['/disks/sub/branch'])
  })

  it('are those too whose data lies in the file, and those that stand on such', () => {
    const { image, ask } = folder()
    image('/outside', undefined, { dataFile: 'outside.raw' })
    image('/over', 'outside')
    expect(ask('/outside.raw').dependants).toMatchObject([
      { path: '/outside', chain: ['/outside', '/outside.raw'] },
      { path: '/over', chain: ['/over', '/outside', '/outside.raw'] },
    ])
  })

  it('are known even where the file is gone, and are then broken', () => {
    const { files, image, ask } = folder()
    image('/base')
    image('/top', 'base')
    files.remove('/base')
    expect(ask('/base').dependants).toMatchObject([{ path: '/top', broken: 'There is no file /base' }])
  })

  it('end where a chain loops, and it is told', () => {
    const { image, ask } = folder()
    image('/a', 'b')
    image('/b', 'c')
    image('/c', 'b')
    image('/self', 'self')
    const { dependants } = ask('/b')
    expect(dependants.map(({ path, broken }) => [path, broken])).toEqual([
      ['/a', 'The backing chain loops'],
      ['/c', 'The backing chain loops'],
    ])
    expect(names(ask('/self'))).toEqual([])
  })

  it('are found through as many layers as a chain may have, each read once', () => {
    const { files, image } = folder()
    for (let i = 0; i < MAX_CHAIN_DEPTH + 2; i++) image(`/${i}`, i === 0 ? undefined : `${i - 1}`)
    const opened = new Map<string, number>()
    const counting = wrapSystem(files, (storage) => {
      opened.set(storage.path, (opened.get(storage.path) ?? 0) + 1)
      return storage
    })
    const { dependants } = createEngine(undefined, { files: counting, ...portable }).dependants({ path: '/0' }, context)
    expect(dependants.length).toBeGreaterThanOrEqual(MAX_CHAIN_DEPTH - 1)
    expect(dependants.at(-1)?.chain.length).toBeLessThanOrEqual(MAX_CHAIN_DEPTH + 1)
    expect(Math.max(...opened.values())).toBeLessThanOrEqual(2)
  })

  it('are found among a thousand files that are no images, of which no more than the first bytes are read', () => {
    const { files, image, write } = folder()
    image('/base')
    image('/top', 'base')
    const noise = new Random(1).bytes(20_000)
    for (let i = 0; i < 1000; i++) write(`/noise${i}`, noise)
    let read = 0
    const counting = wrapSystem(files, (storage) => {
      const readAt = storage.readAt.bind(storage)
      storage.readAt = (at, into) => {
        if (storage.path.startsWith('/noise')) read += into.length
        readAt(at, into)
      }
      return storage
    })
    const { dependants, complete } = createEngine(undefined, { files: counting, ...portable }).dependants({ path: '/base' }, context)
    expect(names({ dependants })).toEqual(['/top'])
    expect(complete).toBe(true)
    expect(read).toBeLessThan(1000 * 4096)
  })

  it('are only what the gate lets pass: names lead nowhere else', () => {
    const { files, image, ask } = folder()
    for (const place of ['/mine', '/theirs']) files.addFolder(place)
    image('/theirs/base')
    image('/theirs/secret', '../mine/base')
    image('/mine/base')
    image('/mine/top', 'base')
    image('/mine/over', '../theirs/base')
    const gate: GateRule = { kind: 'granted', roots: ['/mine'], files: [] }
    expect(names(ask('/mine/base', { gate, folders: ['/mine', '/theirs'] }))).toEqual(['/mine/top'])
    const [over] = ask('/theirs/base', { gate, folders: ['/mine'] }).dependants
    expect(over).toMatchObject({ path: '/mine/over', broken: expect.stringContaining('may not read') as string })
  })

  it('that can not be told are listed as unread', () => {
    const { image, write, ask } = folder()
    image('/base')
    write('/torn', Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3))
    write('/future', Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 9, ...new Uint8Array(600)))
    write('/empty', new Uint8Array(0))
    const { dependants, unread } = ask('/base')
    expect(dependants).toEqual([])
    expect(unread.map(({ path }) => path).sort()).toEqual(['/future', '/torn'])
    expect(unread.every(({ message }) => message !== '')).toBe(true)
  })

  it('are looked for a few folders deep, and it is told where there is more', () => {
    const { files, image, ask } = folder()
    const deep = '/a/b/c/d/e/f'
    files.addFolder(deep)
    image('/base')
    image(`${deep}/top`, '/base')
    expect(ask('/base')).toMatchObject({ dependants: [], complete: false })
    expect(names(ask('/base', { folders: [deep] }))).toEqual([`${deep}/top`])
    expect(ask('/base', { folders: ['/nowhere'] })).toMatchObject({ dependants: [], complete: true })
  })
})

describe.skipIf(process.platform === 'win32')('dependants in a real folder', () => {
  const ask = (path: string) => createEngine().dependants({ path }, context)

  it('are each found once, whatever links lead to them, and no walk goes in circles', () => {
    const place = scratchFolder()
    imageIn(place, 'base.qcow2')
    imageIn(place, 'top.qcow2', 'alias.qcow2')
    mkdirSync(join(place, 'sub'))
    symlinkSync('base.qcow2', join(place, 'alias.qcow2'))
    symlinkSync('top.qcow2', join(place, 'again.qcow2'))
    symlinkSync('..', join(place, 'sub', 'up'))
    symlinkSync('nowhere', join(place, 'dangling'))
    expect(names(ask(join(place, 'alias.qcow2')))).toEqual([join(place, 'top.qcow2')])
  })

  it('are never looked for in pipes and devices: opening one would wait for ever', () => {
    const place = scratchFolder()
    imageIn(place, 'base.qcow2')
    expect(spawnSync('mkfifo', [join(place, 'pipe')]).status).toBe(0)
    symlinkSync('/dev/zero', join(place, 'zero'))
    imageIn(place, 'top.qcow2', 'base.qcow2')
    imageIn(place, 'evil.qcow2', 'pipe')
    const { dependants, unread } = ask(join(place, 'base.qcow2'))
    expect(names({ dependants })).toEqual([join(place, 'top.qcow2')])
    expect(unread).toEqual([])
    expect(ask(join(place, 'pipe')).dependants).toMatchObject([{ broken: expect.stringContaining('not a regular file') as string }])
  })

  it('that nobody may read are unread', ({ skip }) => {
    skip(process.getuid?.() === 0, 'the administrator may read everything')
    const place = scratchFolder()
    imageIn(place, 'base.qcow2')
    writeFileSync(join(place, 'closed.qcow2'), '')
    chmodSync(join(place, 'closed.qcow2'), 0)
    mkdirSync(join(place, 'closed'), 0)
    expect(ask(join(place, 'base.qcow2')).unread).toMatchObject([{ path: join(place, 'closed.qcow2') }])
  })
})
