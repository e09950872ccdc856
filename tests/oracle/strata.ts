import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { strata } from '../../src/cli/strata.ts'
import { run, type Said } from './qemu.ts'

const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'src', 'cli', 'index.ts')
const built = join(root, 'out', 'main', 'cli.js')

/** The command as it was built, if that is newer than its source's entry; otherwise the source. */
function entry(): string {
  return existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs ? built : source
}

/** Runs the command as a process of its own. */
export function strataProcess(args: readonly string[], cwd: string, limit?: number): Said {
  return run(process.execPath, [entry(), ...args], cwd, limit)
}

/** Runs the command inside this process, which must be in the folder that relative names mean. */
export async function strataInside(args: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const exit = await strata(args, {
    out: (text) => void (said.stdout += text),
    err: (text) => void (said.stderr += text),
    attended: false,
    onStop: () => () => undefined,
  })
  return { exit, ...said }
}
