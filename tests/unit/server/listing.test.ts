import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Grants } from '../../../src/host/grants.ts'
import { findDropped, listFolder } from '../../../src/server/listing.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

function place() {
  const base = scratchFolder()
  const root = join(base, 'root')
  mkdirSync(join(root, 'vms'), { recursive: true })
  mkdirSync(join(root, '.hidden'))
  mkdirSync(join(base, 'outside'))
  return { base, root, outside: join(base, 'outside'), grants: new Grants([root]) }
}

function file(path: string, size = 512, seconds = 1_700_000_000): string {
  writeFileSync(path, '')
  truncateSync(path, size)
  utimesSync(path, seconds, seconds)
  return path
}

describe('a folder', () => {
  it('shows folders first, by name as people count, without what is hidden or leads out', async () => {
    const { root, outside, grants } = place()
    mkdirSync(join(root, 'Archive'))
    for (const name of ['disk10.raw', 'disk2.raw', 'Alpha.img', '.secret']) file(join(root, name))
    symlinkSync(outside, join(root, 'way-out'))
    symlinkSync(file(join(outside, 'key')), join(root, 'key'))
    symlinkSync(join(root, 'nowhere'), join(root, 'broken'))
    symlinkSync(join(root, 'vms'), join(root, 'shortcut'))
    const { entries, path, roots, parent } = await listFolder(grants, undefined)
    expect(entries.map((entry) => entry.name)).toEqual(['Archive', 'shortcut', 'vms', 'Alpha.img', 'disk2.raw', 'disk10.raw'])
    expect(entries.at(-1)).toEqual({
      name: 'disk10.raw',
      path: join(root, 'disk10.raw'),
      folder: false,
      size: 512,
      modified: 1_700_000_000_000,
    })
    expect({ path, roots, parent }).toEqual({ path: root, roots: [root], parent: undefined })
  })

  it('knows the way up as far as it may be listed', async () => {
    const { root, grants } = place()
    expect((await listFolder(grants, join(root, 'vms'))).parent).toBe(root)
  })

  it('is not shown outside of what was granted, nor where there is none', async () => {
    const { base, root, outside, grants } = place()
    for (const path of [base, outside, '/', join(root, '..', 'outside')])
      await expect(listFolder(grants, path)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(listFolder(grants, join(root, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(listFolder(grants, file(join(root, 'a.raw')))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('a dropped file', () => {
  const wanted = { name: 'disk.raw', size: 512, modified: 1_700_000_000_000 }

  it('is found by name, size and time together, wherever in the granted folders', async () => {
    const { root, grants, outside } = place()
    mkdirSync(join(root, 'a', 'b'), { recursive: true })
    const here = file(join(root, 'a', 'b', 'disk.raw'))
    file(join(root, 'a', 'disk.raw'), 1024)
    file(join(root, 'vms', 'disk.raw'), 512, 1_600_000_000)
    file(join(root, 'other.raw'))
    file(join(outside, 'disk.raw'))
    symlinkSync(join(outside, 'disk.raw'), join(root, 'disk.raw'))
    expect(await findDropped(grants, wanted, [])).toEqual([here])
  })

  it('is found more than once where there are copies', async () => {
    const { root, grants } = place()
    const copies = [file(join(root, 'disk.raw')), file(join(root, 'vms', 'disk.raw'))]
    expect(await findDropped(grants, wanted, [join(root, 'vms')])).toEqual(copies.reverse())
  })

  it('is looked for in likely folders at any depth, hidden ones too, but in none that was not granted', async () => {
    const { root, outside, grants } = place()
    const deep = join(root, '1', '2', '3', '4', '5', '6', '7')
    mkdirSync(deep, { recursive: true })
    file(join(deep, 'disk.raw'))
    file(join(outside, 'disk.raw'))
    expect(await findDropped(grants, wanted, [])).toEqual([])
    expect(await findDropped(grants, wanted, [outside, deep, join(root, 'none')])).toEqual([join(deep, 'disk.raw')])
  })

  it.each(['../outside/disk.raw', 'vms/disk.raw', '..', '.', ''])('is a name, not a path: %j', async (name) => {
    const { root, outside, grants } = place()
    file(join(outside, 'disk.raw'))
    file(join(root, 'vms', 'disk.raw'))
    expect(await findDropped(grants, { ...wanted, name }, [])).toEqual([])
  })
})
