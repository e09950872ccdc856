import { StrataError } from '../../shared/errors.ts'
import type { BenchRequest } from '../../shared/requests.ts'
import { cacheModeExists, FORMAT, QUIET, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { runJob } from '../run-job.ts'
import { sizeArgument } from '../size-argument.ts'
import { inspected } from '../source-image.ts'
import { verb } from '../verb.ts'

const MAX_INT = 2 ** 31 - 1
/** Cache modes that pass the system's cache by, in QEMU. */
const UNCACHED = ['none', 'off', 'directsync']
const AIO = ['threads', 'native', 'io_uring']

/** `strata bench`: how long reading or writing an image takes. */
export const bench = verb({
  summary: 'measure how fast an image is read; with -w, written, which changes it',
  operands: 'FILE',
  examples: [{ line: 'bench -c 1000 -s 64k disk.qcow2', does: 'read 1000 times 64 KiB' }],
  options: {
    format: FORMAT,
    count: { short: 'c', value: 'N', help: 'how many requests; 75000 unless stated' },
    depth: { short: 'd', value: 'N', help: 'accepted: Strata makes one request after the other' },
    bufferSize: { short: 's', value: 'SIZE', help: 'bytes of a request; 4k unless stated' },
    step: { short: 'S', value: 'SIZE', help: 'bytes from one request to the next; those of a request unless stated' },
    offset: { short: 'o', value: 'SIZE', help: 'where the first request begins' },
    write: { short: 'w', help: 'write: WHAT THE IMAGE HOLDS THERE IS LOST' },
    pattern: { long: 'pattern', value: 'BYTE', help: 'with -w: the byte that is written, 0 to 255; 0 unless stated' },
    flushInterval: { long: 'flush-interval', value: 'N', help: 'with -w: flush after so many requests' },
    noDrain: { long: 'no-drain', help: 'accepted: there is nothing to wait for before a flush' },
    aio: { short: 'i', value: 'AIO', help: 'accepted: threads, native or io_uring' },
    native: { short: 'n', help: 'accepted: the same as -i native' },
    cache: { short: 't', value: 'CACHE', help: 'accepted: the image is reached through the system cache' },
    quiet: QUIET,
    share: SHARE,
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const numbers = { count: 75_000, depth: 64, bufferSize: 4096, step: 0, offset: 0n, pattern: 0, flushInterval: 0 }
    let native = false
    // As qemu-img does: in the order in which they stand, the first mistake counts.
    for (const [name, value] of args.given) {
      if (name === 'count') numbers.count = whole('request count', value)
      if (name === 'depth') numbers.depth = whole('queue depth', value, 1)
      if (name === 'bufferSize') numbers.bufferSize = Number(sizeArgument('buffer size', value, 0n, BigInt(MAX_INT)))
      if (name === 'step') numbers.step = Number(sizeArgument('step_size', value, 0n, BigInt(MAX_INT)))
      if (name === 'offset') numbers.offset = sizeArgument('offset', value)
      if (name === 'pattern') numbers.pattern = whole('pattern byte', value, 0, 255)
      if (name === 'flushInterval') numbers.flushInterval = whole('flush interval', value)
      if (name === 'aio' && !AIO.includes(value)) throw new Failure(`Invalid aio option: ${value}`)
      if (name === 'aio' || name === 'native') native = name === 'native' || value === 'native'
      if (name === 'cache' && !cacheModeExists(value)) throw new Failure('Invalid cache mode')
    }
    const [operand, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    const { count, depth, bufferSize, pattern, flushInterval } = numbers
    const writes = args.has('write')
    if (!writes && flushInterval > 0) throw new Failure('--flush-interval is only available in write tests')
    if (flushInterval > 0 && flushInterval < depth) throw new Failure("Flush interval can't be smaller than depth")

    const image = namedImage(args, operand)
    if (writes && args.has('share')) throw new Failure(`Could not open '${operand}': force-share=on can only be used with read-only images`)
    if (native && !UNCACHED.includes(args.last('cache') ?? ''))
      throw new Failure(`Could not open '${operand}': aio=native was specified, but it requires cache.direct=on, which was not specified.`)
    const { top } = inspected(image, operand)
    if (writes && !args.has('force')) assertHarmless(image.path, { but: [], doing: 'Writing this image' })
    const step = numbers.step === 0 ? bufferSize : numbers.step
    const kind = writes ? 'write' : 'read'
    let announced = false
    const announce = (): void => {
      if (announced) return
      announced = true
      terminal.out(
        `Sending ${count} ${kind} requests, ${bufferSize} bytes each, ${depth} in parallel (starting at offset ${numbers.offset}, step size ${step})\n`,
      )
      if (flushInterval > 0) terminal.out(`Sending flush every ${flushInterval} requests\n`)
    }
    const request: BenchRequest = {
      path: image.path,
      ...(top && { format: top.format }),
      count,
      bufferSize,
      step,
      offset: Math.min(Number(numbers.offset), Number.MAX_SAFE_INTEGER),
      ...(writes && { write: { pattern } }),
      flushInterval,
    }
    try {
      // The first that is heard of the job is that the image is open.
      const { seconds } = await runJob(terminal, { kind: 'bench', request }, announce, secretsByPath(image))
      announce()
      terminal.out(`Run completed in ${seconds.toFixed(3)} seconds.\n`)
      return EXIT.ok
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      const { code, hint } = error
      if (code === 'OUT_OF_RANGE' || code === 'IO') throw new Failure('Failed request: Input/output error', { hint: hint ?? error.message })
      if (['WRONG_PASSPHRASE', 'READ_ONLY', 'DENIED', 'IN_USE'].includes(code))
        throw new Failure(`Could not open '${operand}': ${openReason(image.path, error.toDto())}`, { hint })
      throw new Failure(`Failed request: ${systemWords(error.toDto())}`, { hint })
    }
  },
})

function whole(what: string, value: string, least = 0, most = MAX_INT): number {
  const number = /^\s*[+-]?(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : NaN
  if (!(number >= least && number <= most)) throw new Failure(`Invalid ${what} specified`)
  return number
}
