import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { electronBinary, findCommand, systemChromium } from '../binaries.mjs'

/** What the tests use besides npm's packages: how to see that it is there, the Debian package that brings it, and what is skipped without it. */
const NEEDS = [
  { what: 'qemu-img', there: () => findCommand('qemu-img'), debian: 'qemu-utils', tests: 'comparisons with QEMU' },
  { what: 'Chromium', there: systemChromium, debian: 'chromium', tests: 'the window in a browser' },
  { what: 'mke2fs', there: () => findCommand('mke2fs'), debian: 'e2fsprogs', tests: 'the round trip of a real file system' },
  {
    what: 'qemu-system-x86_64',
    there: () => findCommand('qemu-system-x86_64'),
    debian: 'qemu-system-x86',
    tests: 'booting a converted disk',
  },
  {
    what: 'a small boot disk',
    there: () => existsSync('/usr/lib/ipxe/ipxe.iso') || undefined,
    debian: 'ipxe',
    tests: 'booting a converted disk',
  },
  ...(electronBinary() !== undefined && process.platform === 'linux' && !process.env['DISPLAY']
    ? [
        { what: 'Xvfb', there: () => findCommand('Xvfb'), debian: 'xvfb', tests: "the window in Electron's own" },
        { what: 'xauth', there: () => findCommand('xauth'), debian: 'xauth', tests: "the window in Electron's own" },
      ]
    : []),
]

const missing = () => NEEDS.filter(({ there }) => there() === undefined)

/** Installs what is missing where that is possible (apt-get, as root), and says in a line each what is missing after that. */
export function setUpSystem() {
  const packages = [...new Set(missing().map(({ debian }) => debian))]
  if (packages.length > 0 && process.getuid?.() === 0 && findCommand('apt-get') !== undefined) {
    console.log(`Installing ${packages.join(', ')} ...`)
    aptGet('update', '-q')
    // All in one go; where one of them is not to be had here, the others still are.
    if (!install(packages)) packages.forEach((name) => install([name]))
  }
  for (const { what, debian, tests } of missing())
    console.log(`Missing: ${what} (Debian's package ${debian}). Its tests are skipped: ${tests}.`)
}

function install(/** @type {string[]} */ packages) {
  return aptGet('install', '-y', '-q', '--no-install-recommends', ...packages)
}

function aptGet(/** @type {string[]} */ ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
  if (status !== 0) console.log(`apt-get ${args.join(' ')} failed:\n${(stderr || stdout).trim()}`)
  return status === 0
}
