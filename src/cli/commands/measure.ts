import { StrataError } from '../../shared/errors.ts'
import type { MeasureRequest, MeasureResult } from '../../shared/requests.ts'
import { passphraseNamed } from '../../shared/secrets.ts'
import { CREATION, FORMAT, OUTPUT, outputOf, SHARE } from '../common-options.ts'
import { CreationOptions } from '../creation-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { knownFormat } from '../inspect.ts'
import { json } from '../json.ts'
import { IMAGE } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { parseOptionLists } from '../option-list.ts'
import { programName } from '../program-name.ts'
import { runJob } from '../run-job.ts'
import { readSecrets } from '../secrets.ts'
import { sizeArgument } from '../size-argument.ts'
import { snapshotOf } from '../snapshot-choice.ts'
import { openedSource, sourceImage } from '../source-image.ts'
import { verb } from '../verb.ts'

/** Formats of qemu-img's that can't be measured there either. */
const UNMEASURED = ['vmdk', 'vdi', 'vhdx', 'vpc', 'qcow', 'qed', 'parallels', 'dmg', 'bochs', 'cloop', 'vvfat']

/** `strata measure`: how long the file of a new image gets, before it is made. */
export const measure = verb({
  summary: 'say how much room a new image will take',
  operands: '[FILE]',
  examples: [
    { line: 'measure -O qcow2 disk.raw', does: 'say how large the image will be' },
    { line: 'measure -O qcow2 --size 20G', does: 'the same of an empty disk' },
  ],
  options: {
    format: FORMAT,
    targetFormat: { short: 'O', value: 'FMT', help: 'format of the new image: raw (the default) or qcow2' },
    creation: CREATION,
    compress: { short: 'c', help: 'of a compressed image (qcow2): the bound, and an estimate from a sample of the data' },
    size: { long: 'size', value: 'SIZE', help: 'of an empty disk of this size, in place of FILE' },
    snapshot: { short: 'l', value: 'SNAPSHOT', help: 'of a snapshot of FILE: its id or name, or snapshot.id=ID,snapshot.name=NAME' },
    output: OUTPUT,
    share: SHARE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const settings = parseOptionLists(args.all('creation'))
    let size: bigint | undefined
    for (const [name, value] of args.given) if (name === 'size') size = sizeArgument('image size', value)
    const output = outputOf(args.last('output'))
    const [operand, extra] = args.operands
    if (extra !== undefined) throw new Failure('At most one filename argument is allowed.')
    if (operand !== undefined && size !== undefined) throw new Failure('--size N cannot be used together with a filename.')
    if (operand === undefined && (args.has('imageOptions') || args.has('format') || args.has('snapshot')))
      throw new Failure('--image-opts, -f, and -l require a filename argument.')
    if (operand === undefined && size === undefined) throw new Failure('Either --size N or one filename must be specified.')

    const { source, secrets } =
      operand === undefined ? { source: { size: sizeOf(size) }, secrets: readSecrets(args.all('object')) } : sourceOf(args, operand)
    const target = targetOf(args.last('targetFormat') ?? 'raw', settings, args.has('compress'))
    const encrypt = target.qcow2?.encrypt
    if (encrypt?.format === 'luks' && !passphraseNamed(secrets, encrypt.secret)) throw new Failure(`No secret with id '${encrypt.secret}'`)
    try {
      const result = await runJob(terminal, { kind: 'measure', request: { source, target } }, undefined, secrets)
      terminal.out(output === 'json' ? json(resultObject(result)) : resultText(result))
      return EXIT.ok
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      const { path } = error.where
      if (operand === undefined || path === undefined) throw new Failure(systemWords(error.toDto()), { hint: error.hint })
      throw new Failure(`Could not open '${operand}': ${openReason('path' in source ? source.path : operand, error.toDto())}`, {
        hint: error.hint,
      })
    }
  },
})

function sizeOf(size = 0n): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new Failure('The image size is too large (try using a larger cluster size)')
  return Number(size)
}

function sourceOf(
  args: Parameters<typeof openedSource>[0] & { last(name: 'snapshot'): string | undefined },
  operand: string,
): { source: MeasureRequest['source']; secrets: Record<string, Uint8Array> } {
  const image = openedSource(args, operand)
  return { source: { ...sourceImage(image), ...snapshotOf(image.top, args.last('snapshot')) }, secrets: image.secrets }
}

function targetOf(name: string, settings: readonly [string, string][], compress: boolean): MeasureRequest['target'] {
  const format = knownFormat(name)
  if (!format)
    throw new Failure(
      UNMEASURED.includes(name) ? `Block driver '${name}' does not support size measurement` : `Unknown file format '${name}'`,
    )
  const options = optionsOf(format, settings)
  const backed = options.text('backing_file') !== undefined
  return { format, qcow2: options.toRequest(), ...(compress && { compress }), ...(backed && { backed }) }
}

function optionsOf(format: 'raw' | 'qcow2', settings: readonly [string, string][]): CreationOptions {
  try {
    return new CreationOptions(format, settings)
  } catch (error) {
    if (error instanceof Failure) throw new Failure(`${error.message}\n${programName()}: Invalid options for file format '${format}'`)
    throw error
  }
}

/** What qemu-img tells, in its order; then what Strata knows besides. */
function resultText({ required, fullyAllocated, bitmaps, dataFile, estimate }: MeasureResult): string {
  const lines = {
    'required size': required,
    'fully allocated size': fullyAllocated,
    'bitmaps size': bitmaps,
    'data file size': dataFile,
    'estimated size': estimate,
  }
  return Object.entries(lines)
    .map(([title, bytes]) => (bytes === undefined ? '' : `${title}: ${bytes}\n`))
    .join('')
}

function resultObject({ required, fullyAllocated, bitmaps, dataFile, estimate }: MeasureResult): Record<string, number> {
  return {
    ...(bitmaps !== undefined && { bitmaps }),
    required,
    'fully-allocated': fullyAllocated,
    ...(dataFile !== undefined && { 'data-file': dataFile }),
    ...(estimate !== undefined && { estimate }),
  }
}
