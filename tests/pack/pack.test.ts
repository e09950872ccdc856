import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fusesOf, makeElectronStandIn } from './stand-in.ts'

const root = join(import.meta.dirname, '..', '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

const scratch = mkdtempSync(join(tmpdir(), 'strata-pack-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** The packed app, as electron-builder leaves it for Linux. */
let app = ''

beforeAll(() => {
  if (!existsSync(join(root, 'out', 'main', 'cli.js'))) throw new Error('Nothing to pack: run "npm run build" first.')
  const electron = join(scratch, 'electron')
  makeElectronStandIn(electron)
  const dist = join(scratch, 'dist')
  const builder = join(root, 'node_modules', '.bin', 'electron-builder')
  const settings = [`-c.electronDist=${electron}`, `-c.directories.output=${dist}`]
  const { status, stdout } = spawnSync(builder, ['--linux', 'dir', ...settings], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`electron-builder failed:\n${stdout}`)
  const unpacked = readdirSync(dist).find((name) => name.endsWith('unpacked'))
  app = join(dist, unpacked ?? 'nothing was packed')
})

describe('the packed app', () => {
  it('holds the build and the command, and no package but koffi', () => {
    const files = listPackage(join(app, 'resources', 'app.asar'), { isPack: false }).map((name) => name.replaceAll('\\', '/'))
    for (const file of ['/package.json', '/bin/strata.js', '/out/main/index.js', '/out/main/job-worker.js', '/out/preload/index.cjs'])
      expect(files).toContain(file)
    expect(files).toContain('/out/renderer/index.html')
    const packages = files.filter((name) => /^\/node_modules\/(@[^/]+\/)?[^/@]+$/.test(name))
    expect(packages.filter((name) => !name.includes('koffi'))).toEqual([])
    expect(files.filter((name) => /^\/(src|tests|tools|bench|docs)\//.test(name))).toEqual([])
  })

  it('is small', () => {
    expect(statSync(join(app, 'resources', 'app.asar')).size).toBeLessThan(8 * 2 ** 20)
  })

  it('keeps its native part outside of the archive', () => {
    const native = readdirSync(join(app, 'resources', 'app.asar.unpacked'), { recursive: true, encoding: 'utf8' })
    expect(native.some((name) => name.endsWith('koffi.node'))).toBe(true)
  })

  it('brings the man page and the completions along', () => {
    const there = (name: string) => existsSync(join(app, 'resources', name))
    for (const name of ['man/man1/strata.1', 'completions/strata.bash', 'completions/_strata', 'completions/strata.fish'])
      expect(there(name), name).toBe(true)
  })

  it("has Electron's fuses set", () => {
    expect(fusesOf(join(app, 'strata-desktop'))).toMatchObject({
      runAsNode: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
    })
  })
})

describe('the command inside', () => {
  // Only Electron reads an archive in place; for the stand-in, a folder of the same name takes its place.
  beforeAll(() => {
    const resources = join(app, 'resources')
    const extracted = join(scratch, 'extracted')
    mkdirSync(extracted)
    extractAll(join(resources, 'app.asar'), extracted)
    rmSync(join(resources, 'app.asar'))
    renameSync(extracted, join(resources, 'app.asar'))
  })

  const strata = (...args: string[]) => spawnSync(join(app, 'resources', 'bin', 'strata'), args, { cwd: scratch, encoding: 'utf8' })

  it('tells its version', () => {
    const { status, stdout, stderr } = strata('--version')
    expect(stderr).toBe('')
    expect(stdout).toContain(version)
    expect(status).toBe(0)
  })

  it('creates, converts and checks an image', () => {
    expect(strata('create', '-f', 'qcow2', 'disk.qcow2', '16M')).toMatchObject({ status: 0, stderr: '' })
    expect(strata('convert', '-O', 'raw', 'disk.qcow2', 'disk.raw')).toMatchObject({ status: 0, stderr: '' })
    expect(statSync(join(scratch, 'disk.raw')).size).toBe(16 * 2 ** 20)
    const check = strata('check', 'disk.qcow2')
    expect(check.stdout).toContain('No errors were found on the image.')
    expect(check.status).toBe(0)
  })

  it('can call into the system', () => {
    const script = "import koffi from 'koffi'; console.log(koffi.load('libc.so.6').func('int abs(int)')(-45))"
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: join(app, 'resources', 'app.asar'),
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({ stdout: '45\n', stderr: '' })
  })

  it('fails as itself, with its own exit code', () => {
    const { status, stderr } = strata('info', 'nothing-here.qcow2')
    expect(status).toBe(1)
    expect(stderr).toContain('nothing-here.qcow2')
  })
})

describe('the packing', () => {
  it("obeys electron-builder's schema", async () => {
    const require = createRequire(createRequire(import.meta.url).resolve('electron-builder'))
    const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js') as {
      getConfig: (folder: string, path: null, given: null) => Promise<unknown>
      validateConfiguration: (config: unknown, log: unknown) => Promise<void>
    }
    const { DebugLogger } = require('builder-util') as { DebugLogger: new (enabled: boolean) => unknown }
    const config = await getConfig(root, null, null)
    await expect(validateConfiguration(config, new DebugLogger(false))).resolves.toBeUndefined()
  })
})
