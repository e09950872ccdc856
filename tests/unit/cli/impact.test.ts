import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { command, imageIn } from '../../fixtures/image-family.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

// A thread for each of these small jobs would take longer than all of them.
vi.mock('../../../src/host/job-thread.ts', async () => ({ JobThread: (await import('../../fixtures/job-here.ts')).JobHere }))

/** base with a snapshot, and top and sibling on it. */
async function family(): Promise<{ folder: string; base: string; top: string; sibling: string }> {
  const folder = scratchFolder()
  const base = imageIn(folder, 'base.qcow2')
  expect(await command('snapshot', '-c', 'one', base)).toMatchObject({ exit: 0 })
  return { folder, base, top: imageIn(folder, 'top.qcow2', 'base.qcow2'), sibling: imageIn(folder, 'sibling.qcow2', 'base.qcow2') }
}

/** Every verb that may change what an image reads as. `BASE`, `TOP` and `NEW` stand for paths. */
const CHANGING = [
  ['resize', '--shrink', 'BASE', '512k'],
  ['amend', '--shrink', '-o', 'size=512k', 'BASE'],
  ['snapshot', '-a', 'one', 'BASE'],
  ['check', '-r', 'all', 'BASE'],
  ['bench', '-w', '-c', '1', 'BASE'],
  ['convert', '-n', '-O', 'qcow2', 'NEW', 'BASE'],
  ['commit', 'TOP'],
]

describe('an image that others stand on', () => {
  it.each(CHANGING)('is not changed by %s %s %s', async (...line) => {
    const { folder, base, top, sibling } = await family()
    const paths: Record<string, string> = { BASE: base, TOP: top, NEW: imageIn(folder, 'new.qcow2') }
    const words = line.map((word) => paths[word] ?? word)
    const before = readFileSync(base)
    const { exit, err } = await command(...words)
    expect({ exit, err }).toEqual({
      exit: 1,
      err: expect.stringMatching(/^strata: .* would change what .* from '.*base\.qcow2'\n$/) as string,
    })
    expect(err).toContain(`'${sibling}'`)
    expect(err.includes(`'${top}'`), 'the one that is committed is no surprise').toBe(line[0] !== 'commit')
    expect(readFileSync(base).equals(before)).toBe(true)
    expect(await command(words[0] ?? '', '--force', ...words.slice(1))).toMatchObject({ exit: 0, err: '' })
  })

  it('is not replaced by a copy, except by force', async () => {
    const { folder, base } = await family()
    expect(await command('snapshot', '-d', 'one', base)).toMatchObject({ exit: 0 })
    const line = ['--replace-source', '-O', 'raw', base, join(folder, 'base.raw')]
    expect(await command('convert', ...line)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('Replacing this image would change') as string,
    })
    expect(await command('convert', '--force', ...line)).toMatchObject({ exit: 0, err: '' })
    expect(existsSync(base)).toBe(false)
  })

  it('has its layer above renamed without safety only by force', async () => {
    const { top, folder } = await family()
    imageIn(folder, 'leaf.qcow2', 'top.qcow2')
    const line = ['-u', '-b', 'sibling.qcow2', '-F', 'qcow2', top]
    expect(await command('rebase', ...line)).toMatchObject({ exit: 1, err: expect.stringContaining('leaf.qcow2') as string })
    expect(await command('rebase', '--force', ...line)).toMatchObject({ exit: 0, err: '' })
  })

  it.each([
    ['resize', 'BASE', '2M'],
    ['amend', '-o', 'lazy_refcounts=on', 'BASE'],
    ['snapshot', '-c', 'two', 'BASE'],
    ['snapshot', '-d', 'one', 'BASE'],
    ['bitmap', '--add', 'BASE', 'marks'],
    ['check', 'BASE'],
    ['check', '-r', 'leaks', 'BASE'],
    ['check', '-r', 'all', '--dry-run', 'BASE'],
    ['bench', '-c', '1', 'BASE'],
    ['resize', '--shrink', 'TOP', '512k'],
    ['rebase', '-b', '', 'TOP'],
  ])('may still be used as it is: %s %s %s', async (...line) => {
    const { base, top } = await family()
    const paths: Record<string, string> = { BASE: base, TOP: top }
    expect(await command(...line.map((word) => paths[word] ?? word))).toMatchObject({ exit: 0, err: '' })
  })
})

it('names a few of many in one line, whatever they are called', async () => {
  const folder = scratchFolder()
  const base = imageIn(folder, 'base.qcow2')
  for (let i = 0; i < 6; i++) imageIn(folder, `${i}\n.qcow2`, 'base.qcow2')
  const { err } = await command('resize', '--shrink', base, '512k')
  expect(err).toMatch(/0\\u\{a\}\.qcow2'.* and 3 more read from/)
  expect(err.trimEnd()).not.toContain('\n')
})

it('asks nothing of files that can not be read', async () => {
  const folder = scratchFolder()
  const base = imageIn(folder, 'base.qcow2')
  writeFileSync(join(folder, 'broken.qcow2'), Buffer.from('QFI\xfb\0\0\0\x09', 'latin1'))
  imageIn(folder, 'loop.qcow2', 'loop.qcow2')
  expect(await command('resize', '-q', '--shrink', base, '512k')).toEqual({ exit: 0, out: '', err: '' })
})

describe('a commit', () => {
  it('into a base that its own chain alone shares says no word', async () => {
    const { top, sibling } = await family()
    rmSync(sibling)
    expect(await command('commit', top)).toEqual({ exit: 0, out: 'Image committed.\n', err: '' })
  })

  it('past a layer warns that it reads wrong', async () => {
    const { folder, base, top, sibling } = await family()
    rmSync(sibling)
    const leaf = imageIn(folder, 'leaf.qcow2', 'top.qcow2')
    const { exit, err } = await command('commit', '-b', base, leaf)
    expect({ exit, err }).toEqual({ exit: 0, err: expect.stringMatching(/^strata: warning: '.*top\.qcow2' will read wrong/) as string })
    expect(err).toContain(`'${top}'`)
  })
})
