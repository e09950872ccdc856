import { existsSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strata } from '../../src/cli/strata.ts'
import { recordingTerminal } from '../fixtures/recording-terminal.ts'
import { run, type Said } from './qemu.ts'

const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'src', 'cli', 'index.ts')
/** What the command is built from. */
const PARTS = ['cli', 'engine', 'host', 'shared'].map((part) => join(root, 'src', part))
const built = join(root, 'out', 'main', 'cli.js')

/** The command as it was built, if that is newer than all it is built from; otherwise the source. */
const entry = existsSync(built) && statSync(built).mtimeMs > newest(PARTS) ? built : source

function newest(folders: readonly string[]): number {
  const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  return Math.max(...files.map((file) => statSync(file).mtimeMs))
}

// Hundreds of processes and job threads start from the same files here; Node keeps what it compiled of them in its usual place.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')

/** Runs the command as a process of its own. */
export function strataProcess(args: readonly string[], cwd: string, limit?: number): Said {
  return run(process.execPath, [entry, ...args], cwd, limit)
}

/** Runs the command inside this process, which must be in the folder that relative names mean. */
export async function strataInside(args: readonly string[]): Promise<Said> {
  const terminal = recordingTerminal()
  const exit = await strata(args, terminal)
  return { exit, stdout: terminal.printed, stderr: terminal.complaints }
}
