import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { command, imageIn } from '../../fixtures/image-family.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

beforeEach(() => void vi.stubEnv('LC_ALL', 'C.UTF-8'))
afterEach(() => void vi.unstubAllEnvs())

/** top on mid on base, a branch of two on mid, and one in a folder within on base. */
function family(): string {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'sub'))
  imageIn(folder, 'base.qcow2')
  imageIn(folder, 'mid.qcow2', 'base.qcow2')
  imageIn(folder, 'top.qcow2', 'mid.qcow2')
  imageIn(folder, 'test.qcow2', 'mid.qcow2')
  imageIn(folder, 'deeper.qcow2', 'test.qcow2')
  imageIn(folder, 'sub/other.qcow2', '../base.qcow2')
  writeFileSync(join(folder, 'notes.txt'), 'not a disk')
  return folder
}

/** The drawing without what is said of each layer. */
const drawn = (text: string) => text.split('\n').map((line) => line.replace(/ {2}(qcow2|raw|missing|broken|\d).*/, '').trimEnd())

it('draws the chain from the top down, with what stands on each layer in front of it', async () => {
  const folder = family()
  const { exit, out, err } = await command('chain', join(folder, 'top.qcow2'))
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(drawn(out)).toEqual([
    '┌─ top.qcow2',
    '│     ┌─ deeper.qcow2',
    '│  ┌─ test.qcow2',
    '├─ mid.qcow2',
    '│  ┌─ sub/other.qcow2',
    '└─ base.qcow2',
    '',
  ])
  expect(out).toMatch(/mid\.qcow2 +qcow2, 1 MiB, \d+ KiB on disk\n/)
})

it('draws what stands on the lowest one as it branches, in plain characters where the locale has no others', async () => {
  const folder = family()
  vi.stubEnv('LC_ALL', 'C')
  const { out } = await command('chain', join(folder, 'base.qcow2'))
  expect(drawn(out)).toEqual([
    '         ,- deeper.qcow2',
    '      ,- test.qcow2',
    '      |- top.qcow2',
    '   ,- mid.qcow2',
    '   |- sub/other.qcow2',
    '-- base.qcow2',
    '',
  ])
})

it('says what is missing and what loops, and lists what stands on what is left', async () => {
  const folder = family()
  rmSync(join(folder, 'base.qcow2'))
  const { exit, out } = await command('chain', join(folder, 'top.qcow2'))
  expect(exit).toBe(0)
  expect(out).toMatch(/└─ base\.qcow2 +missing\n$/)
  expect(out).toMatch(/test\.qcow2 +1 MiB, broken: There is no file/)
  imageIn(folder, 'base.qcow2', 'mid.qcow2')
  expect((await command('chain', join(folder, 'top.qcow2'))).out).toMatch(/└─ mid\.qcow2 +broken: The backing chain loops/)
})

it('knows images in other folders that it is told of', async () => {
  const folder = family()
  const elsewhere = scratchFolder()
  imageIn(elsewhere, 'far.qcow2', join(folder, 'top.qcow2'))
  const top = join(folder, 'top.qcow2')
  expect((await command('chain', top)).out).not.toContain('far.qcow2')
  expect((await command('chain', '--search', elsewhere, top)).out).toMatch(new RegExp(`^   ┌─ ${elsewhere}/far.qcow2 +1 MiB\n┌─ top.qcow2`))
})

it('has the same facts as data', async () => {
  const folder = family()
  rmSync(join(folder, 'sub/other.qcow2'))
  writeFileSync(join(folder, 'broken.qcow2'), Buffer.from('QFI\xfb\0\0\0\x09', 'latin1'))
  const { out } = await command('chain', '--output', 'json', join(folder, 'mid.qcow2'))
  const facts = JSON.parse(out) as Record<string, unknown>
  expect(facts).toMatchObject({
    layers: [
      { filename: join(folder, 'mid.qcow2'), format: 'qcow2', 'virtual-size': 2 ** 20, 'backing-filename': 'base.qcow2' },
      { filename: join(folder, 'base.qcow2'), format: 'qcow2', 'virtual-size': 2 ** 20 },
    ],
    dependants: [
      { filename: join(folder, 'test.qcow2'), 'stands-on': join(folder, 'mid.qcow2') },
      { filename: join(folder, 'top.qcow2'), 'stands-on': join(folder, 'mid.qcow2') },
      { filename: join(folder, 'deeper.qcow2'), 'stands-on': join(folder, 'test.qcow2') },
    ],
    unread: [{ filename: join(folder, 'broken.qcow2') }],
    complete: true,
  })
  expect(facts).not.toHaveProperty('broken')
  rmSync(join(folder, 'base.qcow2'))
  expect(JSON.parse((await command('chain', '--output=json', join(folder, 'mid.qcow2'))).out)).toMatchObject({
    broken: { filename: join(folder, 'base.qcow2'), missing: true },
  })
})

it('draws the deepest chain, and says where a deeper one ends, within a few seconds', async () => {
  const folder = scratchFolder()
  for (let i = 0; i <= 256; i++) imageIn(folder, `${i}`, i === 0 ? undefined : `${i - 1}`)
  const { out } = await command('chain', join(folder, '255'))
  expect(drawn(out).slice(0, 3)).toEqual(['   ┌─ 256', '┌─ 255', '├─ 254'])
  expect(drawn(out).slice(-3)).toEqual(['├─ 1', '└─ 0', ''])
  const deeper = await command('chain', join(folder, '256'))
  expect(deeper).toMatchObject({ exit: 0, err: '' })
  expect(deeper.out).toMatch(/└─ 0 +broken: The backing chain has more than 256 layers\n$/)
  const branching = await command('chain', join(folder, '0'))
  expect(drawn(branching.out).at(-2)).toBe('── 0')
  expect(drawn(branching.out).length).toBeGreaterThan(250)
}, 20_000)

it('spells out names that would draw on their own', async () => {
  const folder = family()
  imageIn(folder, 'evil\n└─ base.qcow2\u001b[2J', 'top.qcow2')
  const { out } = await command('chain', join(folder, 'top.qcow2'))
  expect(drawn(out)[0]).toBe('   ┌─ evil\\u{a}└─ base.qcow2\\u{1b}[2J')
})

it.each([
  [[], 'Expecting one image file name'],
  [['a', 'b'], 'Expecting one image file name'],
  [['--output=xml', 'a'], '--output must be used with human or json'],
  [['missing.qcow2'], 'No such file or directory'],
  [['-f', 'vmdk', 'a'], "Unknown driver 'vmdk'"],
])('refuses %j', async (args, why) => {
  expect(await command('chain', ...args)).toMatchObject({ exit: 1, out: '', err: expect.stringContaining(why) as string })
})
