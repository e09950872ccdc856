import type { MapRun } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import { createEngine, unwatched } from '../../engine/index.ts'
import { FORMAT, OUTPUT, outputOf, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { GATE } from '../inspect.ts'
import { IMAGE, secretsByPath } from '../named-image.ts'
import { openReason } from '../open-failure.ts'
import { sizeArgument } from '../size-argument.ts'
import type { Terminal } from '../terminal.ts'
import { openedSource } from '../source-image.ts'
import { verb } from '../verb.ts'

/** `strata map`: where the bytes of a disk lie, layer by layer. Printed as it is found. */
export const map = verb({
  summary: 'say where the bytes of a disk lie, layer by layer',
  operands: 'FILE',
  examples: [
    { line: 'map disk.qcow2', does: 'a line for each run of bytes that lie plain in a file' },
    { line: 'map --output=json disk.qcow2', does: 'all of the disk, for a script' },
  ],
  options: {
    format: FORMAT,
    output: OUTPUT,
    start: { short: 's', long: 'start-offset', value: 'SIZE', help: 'where on the disk to begin; 0 unless stated' },
    length: { short: 'l', long: 'max-length', value: 'SIZE', help: 'how much of the disk to look at; all of it unless stated' },
    share: SHARE,
    ...IMAGE,
  },
  run(args, terminal) {
    let start = 0n
    let length: bigint | undefined
    // As qemu-img does: in the order in which they stand, the first mistake counts.
    for (const [name, value] of args.given) {
      if (name === 'start') start = sizeArgument('start offset', value)
      if (name === 'length') length = sizeArgument('max length', value)
    }
    const [operand, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    const output = outputOf(args.last('output'))

    const image = openedSource(args, operand)
    const { path, top } = image
    const request = { path, ...(top && { format: top.format }), ...(length !== undefined && { length: within(length) }) }
    const end = length === undefined ? Infinity : within(start + length)
    let show: Printer | undefined
    try {
      let secrets: Record<string, Uint8Array> = secretsByPath(image)
      for (let at: number | undefined = within(start); at !== undefined;) {
        const page = createEngine().map({ ...request, start: at, length: Math.max(0, end - at) }, { gate: GATE, job: unwatched, secrets })
        show ??= output === 'json' ? jsonPrinter(terminal, start) : humanPrinter(terminal)
        for (const run of page.runs) show.run(run)
        at = page.next
        // The map itself is not encrypted: unlocking it once shows that the passphrase is right.
        secrets = {}
      }
    } catch (error) {
      if (error instanceof StrataError)
        throw new Failure(`Could not open '${operand}': ${openReason(image.path, error.toDto())}`, { hint: error.hint })
      throw error
    }
    show?.end()
    return EXIT.ok
  },
})

/** No disk reaches further than this, so it is as good as any place behind it. */
function within(bytes: bigint): number {
  return Math.min(Number(bytes), Number.MAX_SAFE_INTEGER)
}

/** A run as it is printed; a place on the command line may lie further out than any disk reaches. */
type Shown = Omit<MapRun, 'start'> & { start: number | bigint }

interface Printer {
  run(run: MapRun): void
  end(): void
}

/** A line for each run of bytes that lie plain in a file. */
function humanPrinter(terminal: Terminal): Printer {
  terminal.out(`${['Offset', 'Length', 'Mapped to'].map((title) => title.padEnd(16)).join('')}File\n`)
  return {
    run({ start, length, data, zero, offset, path }) {
      if (data && offset === undefined) throw new Failure('File contains external, encrypted or compressed clusters.')
      if (data && !zero) terminal.out(`${[start, length, offset ?? 0].map(hexColumn).join('')}${path ?? ''}\n`)
    },
    end() {},
  }
}

/** As C's `%#-16x`, which writes no prefix before 0. */
function hexColumn(value: number): string {
  return (value === 0 ? '0' : `0x${value.toString(16)}`).padEnd(16)
}

/** A list with one object a line. */
function jsonPrinter(terminal: Terminal, start: bigint): Printer {
  let lead = '['
  const print = (run: Shown): void => {
    terminal.out(`${lead}${object(run)}`)
    lead = ',\n'
  }
  return {
    run: print,
    end() {
      // qemu-img says of a range without bytes that it is a run of none.
      if (lead === '[') print({ start, length: 0, depth: 0, present: false, zero: false, data: false, compressed: false })
      terminal.out(']\n')
    },
  }
}

function object({ start, length, depth, present, zero, data, offset }: Shown): string {
  const place = offset === undefined ? '' : `, "offset": ${offset}`
  return `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${present}, "zero": ${zero}, "data": ${data}${place}}`
}
