import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a program on this terminal, hands SIGINT, SIGTERM, SIGHUP and SIGUSR1 on to it, and answers with its exit code (128 + n when signal n
 * ended it, 127 when it could not be started).
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    // On Windows, commands of packages are .cmd files, which only a shell can start.
    const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32', ...options })
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'])
    // Ctrl-C in a terminal reaches the child by itself, and a second one would mean "at once"; without a terminal it must be passed on.
    const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
    // On SIGUSR1 Node would open its own debugger, unless somebody listens.
    const handOn = (/** @type {NodeJS.Signals} */ signal) => (signal === 'SIGINT' && terminal ? true : child.kill(signal))
    for (const signal of signals) process.on(signal, handOn)
    const end = (/** @type {number} */ code) => {
      for (const signal of signals) process.off(signal, handOn)
      resolve(code)
    }
    child.on('error', (error) => {
      console.error(`strata: could not start ${command}: ${error.message}`)
      end(127)
    })
    child.on('close', (code, signal) => end(code ?? 128 + constants.signals[signal ?? 'SIGTERM']))
  })
}
