import { existsSync } from 'node:fs'
import { createEngine, unwatched } from '../engine/index.ts'
import type { DiskInfo } from '../shared/model.ts'
import type { Dependant } from '../shared/requests.ts'
import { StrataError } from '../shared/errors.ts'
import type { OptionSpec } from './args.ts'
import { Failure } from './failure.ts'
import { GATE } from './inspect.ts'
import { printable } from './line-drawing.ts'
import { listedNames } from './listed-names.ts'
import { programName } from './program-name.ts'
import { realPath } from './real-path.ts'
import type { Terminal } from './terminal.ts'

/** Option of verbs that change what other images stand on. */
export const FORCE: OptionSpec = {
  long: 'force',
  help: 'go on even where images that stand on this one, or snapshots in it, would then read otherwise',
}

/**
 * Throws where images in the folder of a file, or in folders within it, stand on the file: what they read would change. Layers that the person
 * has named by what was asked for are no surprise; they are `but`. An image that can't be read as it is has nothing to lose.
 */
export function assertHarmless(path: string, { but, doing }: { but: readonly Pick<DiskInfo, 'path'>[]; doing: string }): void {
  // A file that is only about to be made is read by nobody: its folder need not be gone through.
  if (!existsSync(path)) return
  const expected = new Set(but.map((layer) => realPath(layer.path)))
  const harmed = dependantsOf(path).filter((one) => one.broken === undefined && !expected.has(one.path))
  if (harmed.length === 0) return
  const all = listedNames(harmed.map((one) => one.path))
  throw new Failure(`${doing} would change what ${all} ${harmed.length === 1 ? 'reads' : 'read'} from '${printable(path)}'`, {
    hint: 'Say --force to go on all the same. "strata chain" shows what stands on what.',
  })
}

/** The images that stand on a file, as far as its own folder knows; none where that can't be read. */
function dependantsOf(path: string): Dependant[] {
  try {
    return createEngine().dependants({ path }, { gate: GATE, job: unwatched }).dependants
  } catch (error) {
    if (error instanceof StrataError) return []
    throw error
  }
}

/** Says of which layers the content is wrong once the layers above them are in the one below: the person has named that one. */
export function warnOfStranded(terminal: Terminal, between: readonly DiskInfo[], target: DiskInfo): void {
  const names = listedNames(between.map(({ path }) => path))
  terminal.err(`${programName()}: warning: ${names} will read wrong, as '${printable(target.path)}' below changes\n`)
}
