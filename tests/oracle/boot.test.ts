import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../fixtures/programs.ts'
import { must } from './qemu.ts'
import { strataProcess } from './strata.ts'

/** A disk that starts the network boot program iPXE; Debian's package ipxe. */
const BOOT_DISK = '/usr/lib/ipxe/ipxe.iso'
const LIMIT = 90_000
/** What iPXE says once its own code runs. */
const STARTED = /iPXE initialising devices.*iPXE 1\.\d+\.\d+/s
const missing = [
  ...['qemu-system-x86_64', 'qemu-img'].filter((program) => !hasProgram(program)),
  ...(existsSync(BOOT_DISK) ? [] : [BOOT_DISK]),
]

describe.skipIf(missing.length > 0)(`A converted disk boots (needs ${missing.join(', ') || 'qemu-system-x86, ipxe'})`, () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-boot-'))
    copyFileSync(BOOT_DISK, join(folder, 'disk.raw'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const strata = (...args: string[]) => expect(strataProcess(args, folder)).toMatchObject({ exit: 0, stderr: '' })

  it('compressed, and through an overlay on it', { timeout: 3 * LIMIT }, async () => {
    strata('convert', '-f', 'raw', '-c', '-O', 'qcow2', 'disk.raw', 'disk.qcow2')
    strata('create', '-q', '-f', 'qcow2', '-b', 'disk.qcow2', '-F', 'qcow2', 'overlay.qcow2')
    for (const image of ['disk.qcow2', 'overlay.qcow2']) expect(await boot(folder, image, STARTED)).not.toContain('No bootable device')
    must('qemu-img', ['check', 'overlay.qcow2'], folder)
  })

  it('and an empty disk does not, so that the words above come from the disk', { timeout: 2 * LIMIT }, async () => {
    strata('create', '-q', '-f', 'qcow2', 'empty.qcow2', '2M')
    expect(await boot(folder, 'empty.qcow2', /No bootable device/)).not.toContain('iPXE')
  })
})

/** Starts a machine from the image, without a network card whose own program could speak, and answers with its serial text once `until` is in it. */
async function boot(folder: string, image: string, until: RegExp): Promise<string> {
  const serial = join(folder, `${image}.serial`)
  // Without graphics the BIOS prints on the serial port what it and its callers would show on the screen.
  const machine = ['-machine', 'accel=tcg,graphics=off', '-m', '128', '-nic', 'none', '-display', 'none', '-no-reboot', '-boot', 'c']
  const args = [...machine, '-serial', `file:${serial}`, '-drive', `file=${image},format=qcow2,if=ide`]
  const vm = spawn('qemu-system-x86_64', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  vm.stderr.on('data', (text: Buffer) => {
    complaints += text.toString()
  })
  const ended = once(vm, 'close')
  try {
    const end = Date.now() + LIMIT
    while (Date.now() < end && vm.exitCode === null) {
      const text = wordsOn(serial)
      if (until.test(text)) return text
      await wait(100)
    }
    throw new Error(`The machine did not say ${until}; it said: ${wordsOn(serial)} ${complaints}`)
  } finally {
    vm.kill()
    await ended
  }
}

/** What came over the serial port so far, without the codes that move the cursor in the midst of words. */
function wordsOn(serial: string): string {
  const text = existsSync(serial) ? readFileSync(serial, 'latin1') : ''
  return text
    .split('\u001b')
    .map((piece) => piece.replace(/^(c|\[[\d;?]*[A-Za-z])/, ''))
    .join('')
}
