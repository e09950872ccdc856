import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Marks the place in Electron's program where its fuses follow: a version, their number, and a `0` or `1` each. */
const FUSES_MARK = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSES = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
] as const

const electronPackage = createRequire(import.meta.url).resolve('electron/package.json')

/**
 * Fills `folder` with what Electron's own download would hold, as far as electron-builder looks: a program that runs Node, which is what
 * the real one does when asked to, with a strip of fuses as Electron ships them.
 */
export function makeElectronStandIn(folder: string): void {
  const { version } = JSON.parse(readFileSync(electronPackage, 'utf8')) as { version: string }
  mkdirSync(join(folder, 'locales'), { recursive: true })
  mkdirSync(join(folder, 'resources'))
  const fuses = Buffer.concat([Buffer.from(FUSES_MARK), Buffer.from([1, FUSES.length]), Buffer.from('10110001')])
  const program = [Buffer.from('#!/bin/sh\n# '), fuses, Buffer.from(`\nexec '${process.execPath}' "$@"\n`)]
  writeFileSync(join(folder, 'electron'), Buffer.concat(program))
  for (const name of ['chrome-sandbox', 'chrome_crashpad_handler']) writeFileSync(join(folder, name), '#!/bin/sh\n')
  for (const name of ['electron', 'chrome-sandbox', 'chrome_crashpad_handler']) chmodSync(join(folder, name), 0o755)
  writeFileSync(join(folder, 'version'), `v${version}`)
  writeFileSync(join(folder, 'LICENSE'), '')
  writeFileSync(join(folder, 'LICENSES.chromium.html'), '')
  writeFileSync(join(folder, 'locales', 'en-US.pak'), '')
}

/** Which fuses of a program are on, read from its bytes. */
export function fusesOf(program: string): Record<(typeof FUSES)[number], boolean> {
  const bytes = readFileSync(program)
  const strip = bytes.subarray(bytes.indexOf(FUSES_MARK) + FUSES_MARK.length + 2)
  return Object.fromEntries(FUSES.map((name, index) => [name, strip[index] === '1'.charCodeAt(0)])) as ReturnType<typeof fusesOf>
}
