import { StrataError } from '../../shared/errors.ts'
import type { ConvertRequest } from '../../shared/requests.ts'
import { FORMAT, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { knownFormat } from '../inspect.ts'
import { makeFailure } from '../make-failure.ts'
import { IMAGE } from '../named-image.ts'
import { openReason } from '../open-failure.ts'
import { programName } from '../program-name.ts'
import { runJob } from '../run-job.ts'
import { sizeArgument } from '../size-argument.ts'
import { openedSource, sourceImage } from '../source-image.ts'
import { verb } from '../verb.ts'

/** Bytes of a block, unless stated. */
const BLOCK = 512n
const MAX_BLOCK = 2n ** 31n - 1n

/** `strata dd`: a range of a disk, block by block, in a new image of any format. */
export const dd = verb({
  summary: 'copy blocks of a disk into a new image',
  operands: '[bs=SIZE] [count=N] [skip=N] if=FILE of=TARGET',
  examples: [{ line: 'dd -f raw -O qcow2 bs=1M count=100 if=disk.raw of=start.qcow2', does: 'make an image of the first 100 MiB' }],
  options: {
    format: FORMAT,
    targetFormat: { short: 'O', value: 'FMT', help: 'format of the target: raw (the default) or qcow2' },
    share: SHARE,
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const { block = BLOCK, count, skip = 0n, input, output } = readOperands(args.operands)
    if (input === undefined || output === undefined) throw new Failure('Must specify both input and output files')
    if (input === '') throw new Failure("Could not open '': The 'file' block driver requires a file name")
    const source = openedSource(args, input)
    const format = knownFormat(args.last('targetFormat') ?? 'raw')
    if (!format) throw new Failure('Unknown file format')
    const doing = `${output}: error while creating output image`
    if (output === '') throw new Failure(`${doing}: Could not create '': No such file or directory`)
    if (!args.has('force')) assertHarmless(output, { but: [], doing: 'Writing this image' })

    // As in qemu-img, `count` counts what is skipped, too.
    const whole = BigInt(source.top?.virtualSize ?? 0)
    const end = count !== undefined && count * block < whole ? count * block : whole
    const start = skip * block
    const within = start <= end
    const range = within ? { start: Number(start), length: Number(end - start) } : { start: 0, length: 0 }
    const request: ConvertRequest = { source: sourceImage(source), range, target: { path: output, format }, overwrite: true }
    try {
      await runJob(terminal, { kind: 'convert', request }, undefined, source.secrets)
    } catch (error) {
      if (error instanceof StrataError && error.code === 'WRONG_PASSPHRASE')
        throw new Failure(`Could not open '${input}': ${openReason(source.path, error.toDto())}`, { hint: error.hint })
      throw makeFailure(output, doing, error)
    }
    if (!within) terminal.err(`${programName()}: ${input}: cannot skip to specified offset\n`)
    return EXIT.ok
  },
})

interface Operands {
  block?: bigint
  count?: bigint
  skip?: bigint
  input?: string
  output?: string
}

/** `name=value` each; of one that comes twice the last counts. */
function readOperands(operands: readonly string[]): Operands {
  const read: Operands = {}
  for (const operand of operands) {
    const equals = operand.indexOf('=')
    const name = equals < 0 ? operand : operand.slice(0, equals)
    const value = operand.slice(equals + 1)
    if (equals >= 0 && name === 'bs') read.block = sizeArgument('bs', value, 1n, MAX_BLOCK)
    else if (equals >= 0 && name === 'count') read.count = sizeArgument('count', value)
    else if (equals >= 0 && name === 'skip') read.skip = sizeArgument('skip', value)
    else if (equals >= 0 && name === 'if') read.input = value
    else if (equals >= 0 && name === 'of') read.output = value
    else throw new Failure(`unrecognized operand ${name}`)
  }
  return read
}
