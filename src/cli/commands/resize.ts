import { StrataError } from '../../shared/errors.ts'
import type { FormatName, Preallocation } from '../../shared/model.ts'
import { FORMAT, QUIET } from '../common-options.ts'
import { readSizeParameter } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { inspectWhole } from '../inspect.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { systemWords } from '../open-failure.ts'
import { runJob } from '../run-job.ts'
import { MAX_SIZE } from '../sizes.ts'
import { verb } from '../verb.ts'

/** `strata resize`: a disk of another size in the same file. */
export const resize = verb({
  summary: 'make a disk larger or smaller',
  operands: 'FILE [+-]SIZE',
  description: [
    "The guest's partitions and file systems stay as they are: grow them afterwards, in the guest; make them smaller before a disk is shrunk.",
  ],
  examples: [
    { line: 'resize disk.qcow2 +10G', does: 'make a disk larger by 10 GiB' },
    { line: 'resize --shrink disk.qcow2 5G', does: 'cut a disk off behind 5 GiB' },
  ],
  options: {
    format: FORMAT,
    quiet: QUIET,
    preallocation: { long: 'preallocation', value: 'off|metadata|falloc|full', help: 'what of the new room is allocated at once' },
    shrink: { long: 'shrink', help: 'the new size may be smaller: what lies behind it is lost' },
    force: FORCE,
    ...IMAGE,
  },
  lastIsOperand: true,
  async run(args, terminal) {
    const [operand, sizeText] = args.operands
    if (args.operands.length > 2) throw usageFailure('Expecting image file name and size')
    if (operand === undefined || sizeText === undefined) throw usageFailure('Not enough arguments')
    const preallocation = preallocationOf(args.last('preallocation'))
    const wanted = readWanted(sizeText)

    const image = namedImage(args, operand)
    const { path } = image
    const top = inspectWhole(path, image.format, operand).layers[0]
    if (!top) throw new Failure(`Could not open '${path}'`)
    const present = BigInt(top.virtualSize)
    const size = wanted.change === 'to' ? wanted.bytes : wanted.change === 'by' ? present + wanted.bytes : present - wanted.bytes
    if (size <= 0n || size > MAX_SIZE) throw new Failure('New image size must be positive')
    const shrink = args.has('shrink')
    if (size < present) assertShrinking(shrink, preallocation)
    assertSize(top.format, size, preallocation)
    if (size < present && !args.has('force')) assertHarmless(path, { but: [], doing: 'Shrinking this image' })
    const request = { path, format: top.format, size: Number(size), preallocation, shrink }
    try {
      await runJob(terminal, { kind: 'resize', request }, undefined, secretsByPath(image))
    } catch (error) {
      if (error instanceof StrataError) throw new Failure(systemWords(error.toDto()), { hint: error.hint })
      throw error
    }
    if (!args.has('quiet')) terminal.out('Image resized.\n')
    return EXIT.ok
  },
})

/** `+1G` and `-1G` are from the present size, `1G` is the new size. */
function readWanted(text: string): { change: 'to' | 'by' | 'less'; bytes: bigint } {
  const change = text.startsWith('+') ? 'by' : text.startsWith('-') ? 'less' : 'to'
  return { change, bytes: readSizeParameter('size', change === 'to' ? text : text.slice(1)) }
}

function preallocationOf(mode = 'off'): Preallocation {
  if (mode === 'off' || mode === 'metadata' || mode === 'falloc' || mode === 'full') return mode
  throw new Failure(`Invalid preallocation mode '${mode}'`)
}

function assertShrinking(asked: boolean, preallocation: Preallocation): void {
  if (preallocation !== 'off') throw new Failure('Preallocation can only be used for growing images')
  if (!asked) throw new Failure('Use the --shrink option to perform a shrink operation.')
}

/** What the engine would refuse too, in qemu-img's words. */
function assertSize(format: FormatName, size: bigint, preallocation: Preallocation): void {
  if (format === 'raw' && preallocation === 'metadata') throw new Failure(`Unsupported preallocation mode: ${preallocation}`)
  if (format === 'qcow2' && size % 512n !== 0n) throw new Failure('The new size must be a multiple of 512')
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new Failure('The image size is too large')
}
