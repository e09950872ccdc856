import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { hasProgram } from '../fixtures/programs.ts'

/** A bootable image that Debian's package `ipxe` brings. */
const BOOTABLE = '/usr/lib/ipxe/ipxe.iso'
const folder = mkdtempSync(join(tmpdir(), 'strata-boot-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts a machine without a screen from an image, and answers with what it printed once `expected` came, or after the time is over. */
function boot(image: string, format: string, expected: string): Promise<string> {
  const drive = `file=${image},format=${format},media=cdrom,readonly=on`
  const machine = [
    '-machine',
    'pc,accel=tcg,graphics=off',
    '-m',
    '64',
    '-display',
    'none',
    '-serial',
    'stdio',
    '-monitor',
    'none',
    '-net',
    'none',
  ]
  const qemu = spawn('qemu-system-x86_64', [...machine, '-no-reboot', '-drive', drive, '-boot', 'd'], { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => qemu.kill('SIGKILL'), 90_000)
    const hear = (bytes: Buffer): void => {
      printed += bytes.toString('latin1')
      if (printed.includes(expected)) qemu.kill('SIGKILL')
    }
    qemu.stdout.on('data', hear)
    qemu.stderr.on('data', hear)
    qemu.on('error', reject)
    qemu.on('close', () => {
      clearTimeout(timer)
      resolve(printed)
    })
  })
}

const ready = hasProgram('qemu-system-x86_64') && existsSync(BOOTABLE)

describe.skipIf(!ready)('a machine (needs qemu-system-x86 and ipxe)', () => {
  const engine = createEngine()
  const context = { gate: { kind: 'follow' }, job: unwatched } as const

  it.each([
    ['qcow2', {}],
    ['qcow2', { compress: true }],
    ['qcow2', { compress: true, qcow2: { compat: '0.10', clusterSize: 4096 } }],
  ] as const)(
    'starts from a boot image that Strata converted to %s %j',
    async (format, options) => {
      const path = join(folder, `${JSON.stringify(options).length}.${format}`)
      engine.convert({ source: { path: BOOTABLE, format: 'raw' }, target: { path, format, ...options }, overwrite: false }, context)
      expect(await boot(path, format, 'Open Source Network Boot Firmware')).toContain('Open Source Network Boot Firmware')
    },
    100_000,
  )
})
