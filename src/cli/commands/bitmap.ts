import { StrataError } from '../../shared/errors.ts'
import type { FormatName } from '../../shared/model.ts'
import type { BitmapAction } from '../../shared/requests.ts'
import { FORMAT } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { inspect } from '../inspect.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { programName } from '../program-name.ts'
import { runJob } from '../run-job.ts'
import { parseSize } from '../sizes.ts'
import { verb } from '../verb.ts'

/** Actions that need nothing but the bitmap's name. */
const PLAIN = ['remove', 'clear', 'enable', 'disable'] as const

/** `strata bitmap`: changes a persistent dirty bitmap of an image; the actions are done in the order in which they are given. */
export const bitmap = verb({
  summary: 'change a dirty bitmap of an image',
  operands: 'FILE BITMAP',
  examples: [{ line: 'bitmap --add disk.qcow2 daily', does: 'mark every write from now on, for a backup of what changed' }],
  options: {
    add: { long: 'add', help: 'make the bitmap; it marks every write from then on' },
    remove: { long: 'remove', help: 'remove it' },
    clear: { long: 'clear', help: 'unmark everything' },
    enable: { long: 'enable', help: 'mark every write from now on' },
    disable: { long: 'disable', help: 'mark writes no more' },
    merge: { long: 'merge', value: 'BITMAP', help: 'mark what another bitmap marks' },
    granularity: { short: 'g', long: 'granularity', value: 'SIZE', help: 'with --add: bytes that one bit stands for' },
    source: { short: 'b', long: 'source-file', value: 'FILE', help: 'with --merge: the image that has the other bitmap' },
    sourceFormat: { short: 'F', long: 'source-format', value: 'FMT', help: 'format of that image' },
    format: FORMAT,
    ...IMAGE,
  },
  async run(args, terminal) {
    const granularity = granularityOf(args.last('granularity'))
    if (![...PLAIN, 'add', 'merge'].some((option) => args.given.some(([given]) => given === option)))
      throw new Failure('Need at least one of --add, --remove, --clear, --enable, --disable, or --merge')
    if (granularity !== undefined && !args.has('add')) throw new Failure('granularity only supported with --add')
    if (args.has('sourceFormat') && !args.has('source')) throw new Failure('-F only supported with -b')
    if (args.has('source') && !args.has('merge')) throw new Failure('Merge bitmap source file only supported with --merge')
    const [operand, name, extra] = args.operands
    if (operand === undefined || name === undefined || extra !== undefined) throw new Failure('Expecting filename and bitmap name')

    const image = namedImage(args, operand)
    const { path } = image
    const format = formatOf(path, image.format)
    const source = args.last('source')
    const from = source === undefined ? undefined : { path: source, format: formatOf(source, args.last('sourceFormat')) }
    const actions = args.given.flatMap(([option, value]): BitmapAction[] => {
      if (option === 'merge') return [{ do: 'merge', source: value, ...(from && { from }) }]
      if (option === 'add') return [{ do: 'add', ...(granularity !== undefined && { granularity }) }]
      return PLAIN.filter((plain) => plain === option).map((plain) => ({ do: plain }))
    })
    try {
      await runJob(terminal, { kind: 'bitmap', request: { path, format, name, actions } })
    } catch (error) {
      throw error instanceof StrataError ? actionFailure(error, actions, name) : error
    }
    return EXIT.ok
  },
})

/** The format that is stated, or is found in the file; says in qemu-img's words why an image can't be opened. */
function formatOf(path: string, stated: string | undefined): FormatName {
  const [top] = inspect(path, stated).layers
  if (!top) throw new Failure(`Could not open '${path}'`)
  return top.format
}

function granularityOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const size = parseSize(text)
  if (typeof size === 'bigint') return size === 0n ? undefined : Number(size)
  throw new Failure(
    'Invalid granularity specified. You may use k, M, G, T, P or E suffixes for\n' +
      `${programName()}: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.`,
  )
}

/** Which of the actions failed, and why. */
function actionFailure({ message, where, hint }: StrataError, actions: readonly BitmapAction[], name: string): Failure {
  const action = actions[Number(/^actions\[(\d+)\]$/.exec(where.field ?? '')?.[1] ?? -1)]
  return new Failure(action ? `Operation ${action.do} on bitmap ${name} failed: ${message}` : message, { hint })
}
