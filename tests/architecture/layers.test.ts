import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cycles } from './cycles.ts'
import { LAYERS } from './layers.ts'
import { violations } from './violations.ts'

const src = join(import.meta.dirname, '..', '..', 'src')
const MOST_LINES = 500

const all = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
const sources = new Map(
  all
    .filter((file) => /\.(ts|svelte)$/.test(file))
    .map((file) => [file.slice(src.length + 1).replaceAll(sep, '/'), readFileSync(file, 'utf8')]),
)

describe('the house', () => {
  it('has sources to look at', () => {
    expect(sources.size).toBeGreaterThan(20)
    expect([...sources.keys()]).toContain('shared/api.ts')
  })

  it('imports only what the table allows', () => {
    expect(violations(sources)).toEqual([])
  })

  it('has no file that imports itself in a ring', () => {
    expect(cycles(sources)).toEqual([])
  })

  it(`has no file of more than ${MOST_LINES} lines`, () => {
    const long = all.filter((file) => readFileSync(file, 'utf8').split('\n').length - 1 > MOST_LINES)
    expect(long).toEqual([])
  })
})

describe('the table', () => {
  it('names only layers that it has', () => {
    const names = new Set([...LAYERS.map(({ name }) => name), 'own folder'])
    expect(LAYERS.flatMap(({ mayImport }) => mayImport).filter((name) => !names.has(name))).toEqual([])
  })
})

describe('the checker', () => {
  const check = (files: Record<string, string>) => violations(new Map(Object.entries(files)))

  it.each([
    ['shared/model.ts', "import { join } from 'node:path'", 'may not import node:path'],
    ['shared/model.ts', "import { info } from '../engine/index.ts'", 'may not import engine/index.ts'],
    ['engine/base/ints.ts', "import 'electron'", 'may not import electron'],
    ['engine/base/ints.ts', "import { readSync } from 'node:fs'", 'may not import node:fs'],
    ['engine/codec/deflate.ts', "import type { Storage } from '../io/storage.ts'", 'may not import engine/io/storage.ts'],
    ['engine/io/lock.ts', "const koffi = await import('koffi')", 'may not import koffi'],
    ['engine/formats/vdi/index.ts', "import { qcow2 } from '../qcow2/index.ts'", 'may not import engine/formats/qcow2/index.ts'],
    ['engine/formats/vdi/driver.ts', "import { decode } from '../qcow2/entry.ts'", 'may not import engine/formats/qcow2/entry.ts'],
    ['engine/formats/vdi/driver.ts', "import { passGate } from '../../io/gate.ts'", 'may not import engine/io/gate.ts'],
    ['engine/formats/vdi/driver.ts', "import { Disk } from '../../device/disk.ts'", 'may not import engine/device/disk.ts'],
    ['engine/formats/registry.ts', "import { decode } from './qcow2/entry.ts'", 'may not import engine/formats/qcow2/entry.ts'],
    ['engine/device/open.ts', "import { raw } from '../formats/raw/index.ts'", 'may not import engine/formats/raw/index.ts'],
    ['engine/device/open.ts', "import { pack } from '../codec/deflate.ts'", 'may not import engine/codec/deflate.ts'],
    ['engine/device/open.ts', "import { openFile } from '../io/file.node.ts'", 'must stay portable'],
    ['engine/operations/info.ts', "export * from '../formats/qcow2/header.ts'", 'may not import engine/formats/qcow2/header.ts'],
    ['engine/operations/info.ts', "import { Jobs } from '../../host/jobs.ts'", 'may not import host/jobs.ts'],
    ['host/jobs.ts', "import { app } from 'electron'", 'may not import electron'],
    ['host/jobs.ts', "import { Disk } from '../engine/device/disk.ts'", 'may not import engine/device/disk.ts'],
    ['server/index.ts', "import { createEngine } from '../engine/index.ts'", 'may not import engine/index.ts'],
    ['preload/index.ts', "import { readFileSync } from 'node:fs'", 'may not import node:fs'],
    ['renderer/src/views/library/Library.svelte', '<script lang="ts">import { call } from "../../api.ts"</script>', 'renderer/src/api.ts'],
    ['renderer/src/components/Bar.svelte', '<script lang="ts">import { jobs } from "../state/jobs.svelte.ts"</script>', 'state/jobs'],
    ['renderer/src/lib/size.ts', "import 'node:os'", 'may not import node:os'],
    ['attic/old.ts', '', 'lies in no layer'],
  ])('refuses %s: %s', (path, text, message) => {
    expect(check({ [path]: text })).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['engine/io/file.node.ts', "import { readSync } from 'node:fs'\nimport koffi from 'koffi'"],
    ['engine/codec/deflate.portable.ts', "import { inflateRaw } from 'pako'\nimport type { Codec } from './codec.ts'"],
    ['engine/formats/qcow2/index.ts', "import { open } from './open.ts'\nimport type { Format } from '../driver.ts'"],
    ['engine/device/open.ts', "import type { Codec } from '../codec/codec.ts'\nimport { passGate } from '../io/gate.ts'"],
    ['engine/index.ts', "import { openFile } from './io/file.node.ts'\nimport { info } from './operations/info.ts'"],
    ['main/index.ts', "import { app } from 'electron'\nimport { Jobs } from '../host/jobs.ts'"],
    ['renderer/src/App.svelte', '<script module lang="ts">import Library from "./views/library/Library.svelte"</script><Library />'],
  ])('allows %s', (path, text) => {
    expect(check({ [path]: text })).toEqual([])
  })

  it('is not fooled by imports that are only written about', () => {
    expect(check({ 'shared/model.ts': "/** import x from 'electron' */\nexport const text = \"import 'electron'\"" })).toEqual([])
  })

  it('finds rings, and only rings', () => {
    const ring = new Map([
      ['host/a.ts', "import './b.ts'\nimport './d.ts'"],
      ['host/b.ts', "import type { C } from './c.ts'"],
      ['host/c.ts', "export * from './a.ts'"],
      ['host/d.ts', ''],
    ])
    expect(cycles(ring)).toEqual(['host/a.ts → host/b.ts → host/c.ts → host/a.ts'])
  })
})
