import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importedPackages, licences } from '../../../scripts/licences.mjs'

const ROOT = resolve(import.meta.dirname, '../../..')
const ALLOWED = /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|Zlib)( AND (MIT|Zlib|BSD-[23]-Clause))*\)?$/

describe('the licences that the program shows', () => {
  const list = licences(ROOT)

  it('are of every package that is imported, and of what those depend on', () => {
    const names = list.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names).toEqual(expect.arrayContaining(importedPackages(join(ROOT, 'src'))))
    for (const name of names) {
      const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>
      }
      for (const dependency of Object.keys(dependencies).filter((other) => !other.startsWith('@types/')))
        expect(names, `${name} needs it`).toContain(dependency)
    }
  })

  it('are ones that let Strata be given away, each with its words', () => {
    for (const { name, licence, text, version } of list) {
      expect(licence, name).toMatch(ALLOWED)
      expect(text, name).toMatch(/\S/)
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/)
    }
  })

  it('are of every package in a bundle, where there is one', ({ skip }) => {
    const maps = join(ROOT, 'out/renderer/assets')
    if (!existsSync(maps)) return skip('nothing was built')
    const names = new Set(list.map(({ name }) => name))
    const about = readdirSync(maps).filter((file) => file.startsWith('licences-') || file.includes('virtual'))
    expect(about, 'the list is a chunk of its own').toHaveLength(1)
    const shipped = readFileSync(join(maps, about[0]!), 'utf8')
    for (const name of names) expect(shipped).toContain(JSON.stringify(name).slice(1, -1))
  })
})
