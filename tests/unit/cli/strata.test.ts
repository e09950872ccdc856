import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { strata } from '../../../src/cli/strata.ts'
import type { Verb } from '../../../src/cli/verb.ts'
import { VERBS } from '../../../src/cli/verbs.ts'
import { phrases } from '../../fixtures/phrases.ts'

async function say(args: readonly string[], attended = false) {
  const said = { out: '', err: '' }
  const exit = await strata(args, {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    attended,
    onStop: () => () => undefined,
  })
  return { exit, ...said }
}

describe('strata', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-words-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('tells its version', async () => {
    expect(await say(['--version'])).toMatchObject({ exit: 0, out: expect.stringMatching(/^strata \d+\.\d+\.\d+\n$/) as string, err: '' })
  })

  it('lists every verb and serve in its help', async () => {
    const { exit, out } = await say(['--help'])
    expect(exit).toBe(0)
    for (const verb of [...Object.keys(VERBS), 'serve']) expect(out).toContain(`\n  ${verb} [options]`)
  })

  it.each(Object.entries(VERBS))('%s: its help names each of its options', async (name, load) => {
    const { out } = await say([name, '--help'])
    const { options }: Verb = await load()
    for (const { short, long } of Object.values(options)) {
      if (short !== undefined) expect(out).toMatch(new RegExp(`(^|\\s)-${short}\\b`))
      if (long !== undefined) expect(out).toContain(`--${long}`)
    }
  })

  it('gives a person a hint, and a script the one line', async () => {
    const args = ['info', join(folder, 'missing')]
    const script = await say(args)
    const person = await say(args, true)
    expect(script.err).toMatch(/^strata: Could not open '.*': Could not open '.*': No such file or directory\n$/)
    expect(person.err.startsWith(script.err)).toBe(true)
    expect(person.err.slice(script.err.length)).toMatch(/^ {2}\S.*\n$/)
  })

  it('compresses as hard as it is told, and says what level it cannot', async () => {
    const source = join(folder, 'source.raw')
    writeFileSync(source, phrases(2 ** 20))
    const convert = (...more: string[]) => say(['convert', '-f', 'raw', '-O', 'qcow2', ...more, source, join(folder, 'target')])
    for (const type of ['zlib', 'zstd']) {
      const sizes = []
      for (const level of ['1', '9']) {
        expect(await convert('-c', '-o', `compression_type=${type}`, '--level', level)).toEqual({ exit: 0, out: '', err: '' })
        sizes.push(statSync(join(folder, 'target')).size)
      }
      expect(sizes[1]).toBeLessThan(sizes[0]!)
    }
    for (const [words, complaint] of [
      [['--level', '1'], 'A compression level needs -c'],
      [['-c', '--level', 'high'], "Invalid compression level 'high'"],
      [['-c', '--level', '10'], 'The compression level of zlib must be between 1 and 9'],
      [['-c', '-o', 'compression_type=zstd', '--level', '20'], 'The compression level of zstd must be between 1 and 19'],
    ] as const) {
      const { exit, err } = await convert(...words)
      expect({ exit, err }).toEqual({ exit: 1, err: expect.stringContaining(complaint) as string })
    }
  })

  it('puts the copy in the place of its source once both read the same', async () => {
    const source = join(folder, 'disk.img')
    writeFileSync(source, phrases(2 ** 20))
    const convert = (...more: string[]) => say(['convert', '-f', 'raw', '-O', 'qcow2', ...more])
    expect(await convert('--verify', source, join(folder, 'copy'))).toEqual({ exit: 0, out: '', err: '' })
    expect(readdirSync(folder).sort()).toEqual(['copy', 'disk.img'])
    expect(await convert('--replace-source', source, source)).toEqual({ exit: 0, out: '', err: '' })
    expect((await say(['compare', source, join(folder, 'copy')])).exit).toBe(0)
    expect((await say(['info', source])).out).toContain('file format: qcow2')
    for (const option of ['-n', '--salvage'])
      expect((await convert('--replace-source', option, source, join(folder, 'copy'))).err).toMatch(/can not be used/)
  })

  it.each([
    ['raw', []],
    ['qcow2', ['-o', 'preallocation=metadata']],
  ])('moves a bar to its end while it converts to %s, and leaves only the target', async (format, more) => {
    const [source, target] = [join(folder, 'source.raw'), join(folder, 'target')]
    await say(['create', '-q', source, '4M'])
    const { exit, out, err } = await say(['convert', '-p', '-f', 'raw', '-O', format, ...more, source, target])
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(out).toMatch(/^( {4}\(\d+\.\d\d\/100%\)\r)+\n$/)
    expect(out.endsWith('    (100.00/100%)\r\n')).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['source.raw', 'target'])
  })
})
