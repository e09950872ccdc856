// npm start: builds what is missing or older than its source, and opens the window: Electron's where its binary can be had,
// otherwise the same window in the browser. Arguments (npm start -- disk.qcow2) go on to whichever is opened.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { electronBinary, electronInstaller } from './binaries.mjs'
import { isBuilt } from './freshness.mjs'
import { environment, NO_NODE, root, suitableNode } from './node24.mjs'
import { run } from './run.mjs'

const node = suitableNode()
const args = process.argv.slice(2)
const main = join(root, 'out', 'main')

if (node === undefined) fail(NO_NODE)
if (!isBuilt(root)) {
  const code = await run('electron-vite', ['build', '--logLevel', 'warn'], { cwd: root, env: environment() })
  if (code !== 0) fail('The build failed; its messages are above.', code)
}

const obstacle = displayObstacle() ?? (await binaryObstacle())
const electron = electronBinary()
if (obstacle === undefined && electron !== undefined) {
  // Chromium's sandbox refuses to run as root; everyone else gets it.
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  process.exitCode = await run(electron, [...sandbox, root, ...args], { shell: false })
} else {
  console.log(`${obstacle ?? 'Electron is not installed'}: opening Strata in your browser instead (Ctrl-C ends it).`)
  process.exitCode = await run(node, [join(main, 'server.js'), '--open', ...args], { shell: false })
}

/** Why no window can be shown here, or undefined. */
function displayObstacle() {
  if (process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']) return undefined
  return 'No display for an Electron window'
}

/**
 * Why Electron can't be had, or undefined once its binary is there. Lets the package download it, once a start; a machine without
 * that download is told within seconds, a slow line is given minutes.
 *
 * @returns {Promise<string | undefined>}
 */
function binaryObstacle() {
  if (electronBinary() !== undefined) return Promise.resolve(undefined)
  if (!existsSync(electronInstaller)) return Promise.resolve('Electron is not installed')
  return new Promise((resolve) => {
    const notice = setTimeout(() => console.log('Fetching Electron, about 110 MB, this once ...'), 4_000)
    const child = spawn(node ?? process.execPath, [electronInstaller], { stdio: 'ignore', timeout: 180_000 })
    const end = () => {
      clearTimeout(notice)
      resolve(electronBinary() === undefined ? "Electron's binary could not be downloaded" : undefined)
    }
    child.on('error', end)
    child.on('close', end)
  })
}

/**
 * @param {string} message
 * @param {number} [code]
 * @returns {never}
 */
function fail(message, code = 1) {
  console.error(message)
  process.exit(code)
}
