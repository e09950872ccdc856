import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { JsonFile } from '../../../src/host/json-file.ts'
import { settingsFile } from '../../../src/host/settings.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'
import { thrown } from '../../fixtures/thrown.ts'

const make = (path: string) => new JsonFile(path, v.object({ count: v.number() }), () => ({ count: 0 }))

describe('a value in a file', () => {
  it('is the fallback until it is written, and is read back by another', () => {
    const path = join(scratchFolder(), 'deep', 'er', 'value.json')
    const file = make(path)
    expect(file.read()).toEqual({ count: 0 })
    file.write({ count: 3 })
    file.write({ count: 4 })
    expect(make(path).read()).toEqual({ count: 4 })
    expect(readdirSync(join(path, '..'))).toEqual(['value.json'])
  })

  it('is for its owner alone', () => {
    const path = join(scratchFolder(), 'value.json')
    make(path).write({ count: 1 })
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o077).toBe(0)
  })

  it.each(['', '{', 'null', '[]', '{"count":"many"}', '\0\0\0\0'])('that is damaged is kept aside and begun anew: %j', (text) => {
    const folder = scratchFolder()
    const path = join(folder, 'value.json')
    writeFileSync(path, text)
    expect(make(path).read()).toEqual({ count: 0 })
    const [aside, ...others] = readdirSync(folder)
    expect(others).toEqual([])
    expect(aside).toMatch(/^value\.damaged-\d{4}-\d\d-\d\dT[\d.-]+Z\.json$/)
    expect(readFileSync(join(folder, aside!), 'utf8')).toBe(text)
    make(path).write({ count: 9 })
    expect(make(path).read()).toEqual({ count: 9 })
  })

  it('that can not be read is an error, not a loss', () => {
    const path = join(scratchFolder(), 'value.json')
    mkdirSync(path)
    expect(thrown(() => make(path).read())).toMatchObject({ code: 'IO', where: { path } })
  })

  it('that can not be written leaves the old one and no draft', () => {
    const folder = scratchFolder()
    const path = join(folder, 'value.json')
    writeFileSync(join(folder, 'file'), '')
    expect(thrown(() => make(join(folder, 'file', 'value.json')).write({ count: 1 }))).toMatchObject({ code: 'IO' })
    mkdirSync(path)
    expect(thrown(() => make(path).write({ count: 1 }))).toMatchObject({ code: 'IO', where: { path } })
    expect(readdirSync(folder).sort()).toEqual(['file', 'value.json'])
  })
})

describe('settings', () => {
  it('are the defaults at first, and survive keys of a newer Strata', () => {
    const folder = scratchFolder()
    expect(settingsFile(folder).read()).toEqual({ theme: 'system' })
    writeFileSync(join(folder, 'settings.json'), '{"theme":"dark","language":"eo"}')
    expect(settingsFile(folder).read()).toEqual({ theme: 'dark' })
  })
})
