import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

const electronPackage = dirname(createRequire(import.meta.url).resolve('electron/package.json'))

/** The package's own downloader of Electron's binary. */
export const electronInstaller = join(electronPackage, 'install.js')

/** Path of Electron's binary, or undefined where there is none. Asking the package itself would start a download. */
export function electronBinary() {
  const names = { linux: 'electron', win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }
  const name = process.platform in names ? names[/** @type {keyof typeof names} */ (process.platform)] : 'electron'
  const path = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(electronPackage, 'dist'), name)
  return existsSync(path) ? path : undefined
}

/** Path of a command that is on PATH or in the folders of the system's own programs, or undefined. */
export function findCommand(/** @type {string} */ name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Path of the system's Chromium or a browser built from it, or undefined. */
export function systemChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const path = findCommand(name)
    // Ubuntu's package of that name is a script that only tells people to get another one.
    if (path !== undefined && !isSnapNotice(path)) return path
  }
  return undefined
}

function isSnapNotice(/** @type {string} */ path) {
  const head = readFileSync(path).subarray(0, 4096).toString('latin1')
  return head.startsWith('#!') && head.includes('snap install')
}
