import { spawnSync } from 'node:child_process'

/** What a command said and how it ended. */
export interface Said {
  exit: number
  stdout: string
  stderr: string
}

/** Runs a program to its end in `cwd`. */
export function run(program: string, args: readonly string[], cwd: string, limit = 60_000): Said {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: limit, maxBuffer: 2 ** 26 })
  if (error) throw error
  return { exit: status ?? -1, stdout, stderr }
}

/** What QEMU says where so much else runs that it can't time a passphrase. */
const TOO_BUSY = 'Unable to get accurate CPU usage'

/** What QEMU says once it could time what it had to time: on a busy machine that may need several attempts, each of them whole. */
export function onceTimed(attempt: () => Said): Said {
  let said = attempt()
  for (let tries = 1; tries < 5 && said.stderr.includes(TOO_BUSY); tries++) said = attempt()
  return said
}

/** Runs a program that must succeed; answers with what it printed. */
export function must(program: string, args: readonly string[], cwd: string, limit?: number): string {
  const said = onceTimed(() => run(program, args, cwd, limit))
  if (said.exit !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${said.exit}: ${said.stderr}${said.stdout}`)
  return said.stdout
}
