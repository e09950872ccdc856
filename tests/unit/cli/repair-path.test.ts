import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { backingNameOf, command, imageIn } from '../../fixtures/image-family.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

// A thread for each of these small jobs would take longer than all of them.
vi.mock('../../../src/host/job-thread.ts', async () => ({ JobThread: (await import('../../fixtures/job-here.ts')).JobHere }))

/** top on mid on base, by names that are seen from their folder. */
function family(): string {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'old'))
  imageIn(folder, 'base.qcow2')
  imageIn(folder, 'mid.qcow2', 'base.qcow2')
  imageIn(folder, 'top.qcow2', 'mid.qcow2')
  return folder
}

describe('repair-path', () => {
  it('finds a file that moved, says so first, and names it as it was named: seen from the image', async () => {
    const folder = family()
    const [top, mid] = [join(folder, 'top.qcow2'), join(folder, 'mid.qcow2')]
    renameSync(join(folder, 'base.qcow2'), join(folder, 'old/base.qcow2'))
    const before = readFileSync(mid)
    expect(await command('repair-path', '--dry-run', top)).toEqual({
      exit: 0,
      err: '',
      out: `'${mid}' would name 'old/base.qcow2' as its backing file, and no longer 'base.qcow2'.\n`,
    })
    expect(readFileSync(mid).equals(before)).toBe(true)
    expect(await command('repair-path', top)).toMatchObject({
      exit: 0,
      err: '',
      out: expect.stringContaining(`'${mid}' names 'old/base`) as string,
    })
    expect(backingNameOf(mid)).toBe('old/base.qcow2')
    expect(await command('repair-path', top)).toEqual({ exit: 0, err: '', out: `The chain of '${top}' is whole.\n` })
  })

  it('sets every name of a folder right that was moved as a whole', async () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'a'))
    imageIn(folder, 'a/base.qcow2')
    imageIn(folder, 'a/mid.qcow2', join(folder, 'a/base.qcow2'))
    imageIn(folder, 'a/top.qcow2', join(folder, 'a/mid.qcow2'))
    renameSync(join(folder, 'a'), join(folder, 'b'))
    expect(await command('repair-path', '-q', join(folder, 'b/top.qcow2'))).toEqual({ exit: 0, out: '', err: '' })
    expect(backingNameOf(join(folder, 'b/top.qcow2'))).toBe(join(folder, 'b/mid.qcow2'))
    expect(backingNameOf(join(folder, 'b/mid.qcow2'))).toBe(join(folder, 'b/base.qcow2'))
  })

  it('takes the file that the person names, whatever it is called', async () => {
    const folder = family()
    renameSync(join(folder, 'base.qcow2'), join(folder, 'old/renamed.qcow2'))
    expect(await command('repair-path', join(folder, 'top.qcow2'), join(folder, 'old/renamed.qcow2'))).toMatchObject({ exit: 0, err: '' })
    expect(backingNameOf(join(folder, 'mid.qcow2'))).toBe('old/renamed.qcow2')
  })

  it('looks where it is told to', async () => {
    const folder = family()
    const far = scratchFolder()
    renameSync(join(folder, 'base.qcow2'), join(far, 'base.qcow2'))
    const top = join(folder, 'top.qcow2')
    expect(await command('repair-path', top)).toMatchObject({
      exit: 1,
      out: '',
      err: expect.stringContaining("Did not find 'base.qcow2'") as string,
    })
    expect(await command('repair-path', '--search', join(folder, 'old'), '--search', far, top)).toMatchObject({ exit: 0, err: '' })
    expect(backingNameOf(join(folder, 'mid.qcow2'))).toMatch(/^\.\.\/.*\/base\.qcow2$/)
  })

  it('mends a loop when it is told with what', async () => {
    const folder = scratchFolder()
    imageIn(folder, 'a.qcow2', 'b.qcow2')
    imageIn(folder, 'b.qcow2', 'a.qcow2')
    imageIn(folder, 'c.qcow2')
    expect(await command('repair-path', join(folder, 'a.qcow2'), join(folder, 'c.qcow2'))).toMatchObject({ exit: 0 })
    expect(backingNameOf(join(folder, 'b.qcow2'))).toBe('c.qcow2')
  })
})

describe('repair-path changes nothing where', () => {
  async function refused(folder: string, ...args: string[]): Promise<string> {
    const before = readFileSync(join(folder, 'mid.qcow2'))
    const { exit, out, err } = await command('repair-path', join(folder, 'top.qcow2'), ...args)
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(readFileSync(join(folder, 'mid.qcow2')).equals(before)).toBe(true)
    expect(err.trimEnd()).not.toContain('\n')
    return err
  }
  const lost = (): string => {
    const folder = family()
    renameSync(join(folder, 'base.qcow2'), join(folder, 'old/lost.img'))
    return folder
  }

  it('several have the name', async () => {
    const folder = lost()
    for (const place of ['x', 'y']) mkdirSync(join(folder, place))
    for (const place of ['x', 'y']) imageIn(folder, `${place}/base.qcow2`)
    expect(await refused(folder)).toMatch(/Several images have the name .*x\/base\.qcow2' and '.*y\/base\.qcow2'/)
  })

  it('one would fit that has another name', async () => {
    expect(await refused(lost())).toMatch(/Did not find 'base\.qcow2', the backing file of '.*mid\.qcow2'; '.*lost\.img' would fit/)
  })

  it('the new parent stands on the image, is not there, or is of another format', async () => {
    const folder = lost()
    imageIn(folder, 'clone.qcow2', 'top.qcow2')
    writeFileSync(join(folder, 'plain.raw'), new Uint8Array(4096))
    for (const own of ['clone', 'top', 'mid']) expect(await refused(folder, join(folder, `${own}.qcow2`))).toContain('The chain would loop')
    expect(await refused(folder, join(folder, 'nowhere.qcow2'))).toContain('No such file or directory')
    expect(await refused(folder, join(folder, 'plain.raw'))).toContain('Image is not in qcow2 format')
    expect(await refused(folder, join(folder, 'old'))).toContain('This is a folder')
  })

  it('the chain is whole', async () => {
    const folder = family()
    expect(await refused(folder, join(folder, 'base.qcow2'))).toContain('is whole')
  })

  it('the command line is wrong', async () => {
    expect(await command('repair-path')).toMatchObject({ exit: 1, err: expect.stringContaining('Expecting an image file name') as string })
    expect(await command('repair-path', 'a', 'b', 'c')).toMatchObject({ exit: 1 })
    expect(await command('repair-path', '-F', 'vmdk', 'a', 'b')).toMatchObject({
      err: expect.stringContaining("Unknown driver 'vmdk'") as string,
    })
    expect(await command('repair-path', 'missing.qcow2')).toMatchObject({ err: expect.stringContaining('No such file') as string })
  })
})
