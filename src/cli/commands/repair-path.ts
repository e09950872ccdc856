import { dirname, isAbsolute, relative } from 'node:path'
import { createEngine, unwatched } from '../../engine/index.ts'
import { StrataError } from '../../shared/errors.ts'
import type { ChainInfo, FormatName } from '../../shared/model.ts'
import type { FindParentResult, RebaseRequest } from '../../shared/requests.ts'
import { FORMAT, QUIET } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { GATE, inspect, knownFormat } from '../inspect.ts'
import { printable } from '../line-drawing.ts'
import { listedNames } from '../listed-names.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { systemWords } from '../open-failure.ts'
import { realPath } from '../real-path.ts'
import { runJob } from '../run-job.ts'
import { verb } from '../verb.ts'

type Broken = NonNullable<FindParentResult['broken']>

/** What takes the place of a missing backing file: where it is, and the name that the image will hold. */
interface NewParent {
  path: string
  name: string
  format: FormatName
}

/** `strata repair-path`: the name of a backing file that was moved or renamed is set right. */
export const repairPath = verb({
  summary: 'find a backing file that was moved, and name it anew',
  operands: 'FILE [NEWPARENT]',
  examples: [
    { line: 'repair-path overlay.qcow2', does: 'look for a backing file that was moved' },
    { line: 'repair-path overlay.qcow2 moved/base.qcow2', does: 'say where it is now' },
  ],
  options: {
    format: FORMAT,
    parentFormat: { short: 'F', value: 'FMT', help: 'the format of NEWPARENT; that of the old one unless stated' },
    search: { long: 'search', value: 'DIR', help: 'look for it in this folder; may be given several times' },
    dryRun: { long: 'dry-run', help: 'change nothing, and say what would be changed' },
    quiet: QUIET,
    ...IMAGE,
  },
  async run(args, terminal) {
    const [operand, given, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting an image file name, and at most one of a new parent')
    const stated = knownFormat(args.last('parentFormat'))
    if (args.has('parentFormat') && !stated) throw new Failure(`Unknown driver '${args.last('parentFormat') ?? ''}'`)
    const image = namedImage(args, operand)
    const say = (text: string): void => {
      if (!args.has('quiet')) terminal.out(`${text}\n`)
    }

    const above = new Set<string>()
    let chain = inspect(image.path, image.format)
    let [next, format] = [given, stated]
    for (let path = image.path; chain.broken;) {
      for (const layer of chain.layers) above.add(realPath(layer.path))
      const { broken, candidates } = search(path, chain.layers[0]?.format, args.all('search'))
      if (!broken) throw new Failure(`'${printable(path)}': ${chain.broken.message}`, { hint: chain.broken.hint })
      const parent = next === undefined ? onlyNamesake(broken, candidates) : named(next, format, chain)
      const below = inspect(parent.path, parent.format)
      assertEnds(below, above, broken, parent)
      if (!args.has('dryRun')) {
        const backing = { name: parent.name, format: parent.format }
        const request: RebaseRequest = { path: broken.path, backing, mode: 'unsafe' }
        await rename(request, () => runJob(terminal, { kind: 'rebase', request }, undefined, secretsByPath(image)))
      }
      const verb = args.has('dryRun') ? 'would name' : 'names'
      say(
        `'${printable(broken.path)}' ${verb} '${printable(parent.name)}' as its backing file, and no longer '${printable(broken.backingName)}'.`,
      )
      // Where a whole folder was moved, the new parent has a name to be set right as well.
      ;[chain, path, next, format] = [below, parent.path, undefined, undefined]
    }
    if (above.size === 0) {
      if (given !== undefined) throw new Failure(`The chain of '${operand}' is whole`, { hint: 'To put it on another image, use rebase.' })
      say(`The chain of '${printable(operand)}' is whole.`)
    }
    return EXIT.ok
  },
})

function search(path: string, format: FormatName | undefined, folders: readonly string[]): FindParentResult {
  const request = { path, ...(format && { format }), ...(folders.length > 0 && { folders: [...folders] }) }
  return createEngine().findParent(request, { gate: GATE, job: unwatched })
}

/** The one image that has the old name. Others may fit, but only the person can know. */
function onlyNamesake({ path, backingName }: Broken, candidates: FindParentResult['candidates']): NewParent {
  const namesakes = candidates.filter(({ sameName }) => sameName)
  const [only, another] = namesakes
  if (only && !another) return only
  const layer = `'${printable(path)}'`
  if (another)
    throw new Failure(`Several images have the name that ${layer} is missing: ${listedNames(namesakes.map((one) => one.path))}`, {
      hint: 'Name the right one as NEWPARENT.',
    })
  const others = candidates.length === 0 ? '' : `; ${listedNames(candidates.map((one) => one.path))} would fit`
  throw new Failure(`Did not find '${printable(backingName)}', the backing file of ${layer}${others}`, {
    hint: 'Name it as NEWPARENT, or the folder it is in with --search.',
  })
}

/** The image that the person names; a name that was relative to its image stays so. */
function named(path: string, stated: FormatName | undefined, { layers }: ChainInfo): NewParent {
  const layer = layers.at(-1)
  const format = stated ?? knownFormat(layer?.backingFormat)
  const found = inspect(path, format).layers[0]
  const real = realPath(path)
  const folder = dirname(realPath(layer?.path ?? path))
  const near = relative(folder, real)
  const name = isAbsolute(layer?.backingName ?? '') ? real : near
  return { path, name, format: found?.format ?? 'raw' }
}

/** Throws where the new parent stands on an image that is to stand on it. */
function assertEnds(below: ChainInfo, above: ReadonlySet<string>, { path }: Broken, parent: NewParent): void {
  const loops = below.broken?.code === 'CHAIN' || below.layers.some((layer) => above.has(realPath(layer.path)))
  if (loops) throw new Failure(`The chain would loop: '${printable(parent.path)}' stands on '${printable(path)}', or on itself`)
}

async function rename({ path }: RebaseRequest, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StrataError)) throw error
    throw new Failure(`Could not change the backing file of '${printable(path)}': ${systemWords(error.toDto())}`, { hint: error.hint })
  }
}
