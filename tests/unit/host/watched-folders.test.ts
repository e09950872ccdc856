import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HostFacts, LibraryEntry } from '../../../src/shared/api.ts'
import { makeClient, type WindowClient } from '../../../src/shared/rpc/client.ts'
import { Grants } from '../../../src/host/grants.ts'
import type { Shell } from '../../../src/host/shell.ts'
import { WindowHost } from '../../../src/host/window-host.ts'
import { pipe } from '../../fixtures/pipe.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const facts: HostFacts = { kind: 'desktop', platform: 'linux', version: '0', home: '/home/ada', separator: '/' }
const SOON = { timeout: 10_000 }
const DISK = new Uint8Array(4096).fill(7)

/** A folder with two raw disks and much that is none, and a host that was granted only what `shell` answers. */
function setUp({ roots = [], shell = {} }: { roots?: string[]; shell?: Partial<Shell> } = {}) {
  const base = scratchFolder()
  const vms = join(base, 'vms')
  mkdirSync(join(vms, 'deeper.img'), { recursive: true })
  for (const name of ['a.raw', 'b.img', '.hidden.img', 'c.raw.part', '.c.img.strata-0123456789ab', 'notes.txt', 'firmware.bin'])
    writeFileSync(join(vms, name), DISK)
  writeFileSync(join(vms, 'deeper.img', 'd.raw'), DISK)
  writeFileSync(join(vms, 'empty.img'), '')
  writeFileSync(join(vms, 'odd.raw'), new Uint8Array(700))
  writeFileSync(join(vms, 'no.qcow2'), DISK)
  writeFileSync(join(vms, 'vbox.img'), Buffer.concat([Buffer.from('KDMV'), DISK.subarray(4)]))
  writeFileSync(join(base, 'secret.raw'), DISK)
  symlinkSync(join(base, 'secret.raw'), join(vms, 'link.raw'))
  const begin = (): { host: WindowHost; window: WindowClient } => {
    const host = new WindowHost({
      folder: join(base, 'data'),
      grants: new Grants(roots.map((root) => join(base, root))),
      shell: { facts, folderDialog: () => Promise.resolve(vms), ...shell },
    })
    onTestFinished(() => host.close())
    const [near, far] = pipe()
    host.connect(far)
    return { host, window: makeClient(near) }
  }
  return { base, vms, begin: () => begin().window, ...begin() }
}

const names = (entries: LibraryEntry[]): string[] =>
  entries.map(({ path, present }) => `${path.split('/').pop()}${present ? '' : ' (away)'}`)

describe('the images of a folder', () => {
  it('are granted once the person chose or dropped it, and of a granted one as they are', async () => {
    const { vms, window, host } = setUp()
    const both = { paths: [join(vms, 'a.raw'), join(vms, 'b.img')], more: false }
    await expect(window.imagesIn({ path: vms })).rejects.toMatchObject({ code: 'DENIED' })
    await expect(window.imagesIn({ path: join(vms, 'a.raw') })).rejects.toMatchObject({ code: 'DENIED' })
    host.grantDropped(vms)
    expect(await window.imagesIn({ path: vms })).toEqual(both)
    expect((await window.info({ path: join(vms, 'b.img') })).layers).toHaveLength(1)
    await expect(window.info({ path: join(vms, 'notes.txt') })).rejects.toMatchObject({ code: 'DENIED' })
    expect(await window.imagesIn({ path: join(vms, 'b.img') })).toEqual({ paths: [join(vms, 'b.img')], more: false })
    expect(await window.library({})).toEqual([])

    expect(await setUp().window.imagesIn({ title: 'Which?' })).toMatchObject({ more: false })
    const granted = setUp({ roots: ['vms'], shell: { folderDialog: () => Promise.resolve(undefined) } })
    expect((await granted.window.imagesIn({ path: granted.vms })).paths).toHaveLength(2)
    expect(await granted.window.imagesIn({ title: 'Which?' })).toEqual({ paths: [], more: false })
  })
})

describe('a watched folder', () => {
  it('brings in the disks that lie directly in it, by name and content, and lets them go again', async () => {
    const { vms, window } = setUp()
    expect(await window.addFolder({ title: 'Which?' })).toEqual([{ path: vms, present: true, images: 2, more: false }])
    expect(names(await window.library({}))).toEqual(['a.raw', 'b.img'])
    expect((await window.info({ path: join(vms, 'a.raw') })).layers).toHaveLength(1)
    await expect(window.info({ path: join(vms, 'notes.txt') })).rejects.toMatchObject({ code: 'DENIED' })

    await window.addToLibrary({ paths: [join(vms, 'a.raw')] })
    expect(await window.removeFolder({ path: vms })).toEqual([])
    expect(names(await window.library({}))).toEqual(['a.raw'])
    expect(await window.addFolder({ path: vms })).toMatchObject([{ images: 2 }])
  })

  it('is looked at when something changes there, and when asked', async () => {
    const { vms, window } = setUp()
    await window.addFolder({ title: 'Which?' })
    let told: LibraryEntry[] = []
    window.on('library', (entries) => (told = entries))
    writeFileSync(join(vms, 'new.img'), DISK)
    await expect.poll(() => names(told), SOON).toEqual(['a.raw', 'b.img', 'new.img'])
    rmSync(join(vms, 'a.raw'))
    await window.lookAgain({})
    await expect.poll(() => names(told), SOON).toEqual(['b.img', 'new.img'])
  })

  it('that is away keeps its disks, as missing', async () => {
    const { base, vms, window, begin } = setUp()
    await window.addFolder({ title: 'Which?' })
    renameSync(vms, join(base, 'unplugged'))
    const later = begin()
    await later.lookAgain({})
    expect(await later.folders({})).toMatchObject([{ path: vms, present: false }])
    expect(names(await later.library({}))).toEqual(['a.raw (away)', 'b.img (away)'])
    renameSync(join(base, 'unplugged'), vms)
    await later.lookAgain({})
    expect(await later.folders({})).toMatchObject([{ path: vms, present: true, images: 2 }])
    expect(names(await later.library({}))).toEqual(['a.raw', 'b.img'])
  })

  it('shows no disk that the person took out of the list, until it is added again', async () => {
    const { vms, window } = setUp()
    await window.addFolder({ title: 'Which?' })
    const known = (await window.library({}))[0]
    expect(names(await window.removeFromLibrary({ path: join(vms, 'a.raw') }))).toEqual(['b.img'])
    await window.lookAgain({})
    expect(names(await window.library({}))).toEqual(['b.img'])
    const back = await window.addToLibrary({ paths: [join(vms, 'a.raw')] })
    expect(back.find(({ path }) => path === known?.path)).toEqual(known)
  })

  it('is one that was granted or chosen, whatever the window says', async () => {
    const { base, vms, window } = setUp({ roots: ['vms'], shell: { folderDialog: () => Promise.resolve(undefined) } })
    for (const path of [base, '/etc', join(vms, '..')]) await expect(window.addFolder({ path })).rejects.toMatchObject({ code: 'DENIED' })
    await expect(window.addFolder({ path: join(vms, 'a.raw') })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await window.addFolder({ title: 'Which?' })).toEqual([])
    expect(await window.addFolder({ path: vms })).toHaveLength(1)
  })
})
