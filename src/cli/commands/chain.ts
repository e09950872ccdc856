import { dirname } from 'node:path'
import { createEngine, unwatched } from '../../engine/index.ts'
import { FORMAT, OUTPUT, outputOf, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { GATE, inspect } from '../inspect.ts'
import { json } from '../json.ts'
import { lineDrawing } from '../line-drawing.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { chainObject, chainText, type KnownChain } from '../render-chain.ts'
import { realPath } from '../real-path.ts'
import { verb } from '../verb.ts'

/** `strata chain`: what an image stands on, and what stands on it and on the layers below. */
export const chain = verb({
  summary: 'draw what an image stands on, and what stands on that',
  operands: 'FILE',
  examples: [{ line: 'chain overlay.qcow2', does: 'draw the layers below, and the images that stand on them' }],
  options: {
    format: FORMAT,
    output: OUTPUT,
    search: { long: 'search', value: 'DIR', help: 'look in this folder too for images that stand on a layer; may be given several times' },
    share: SHARE,
    ...IMAGE,
  },
  run(args, terminal) {
    const [operand, extra] = args.operands
    const output = outputOf(args.last('output'))
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    const image = namedImage(args, operand)
    const { layers, broken } = inspect(image.path, image.format, operand)
    const reals = layers.map(({ path }) => realPath(path))
    const folders = [...new Set([...reals.map((real) => dirname(real)), ...args.all('search')])]
    // Whatever stands on some layer stands on the lowest one, too.
    const found = createEngine().dependants({ path: reals.at(-1) ?? image.path, folders }, { gate: GATE, job: unwatched })
    const known: KnownChain = {
      layers,
      ...(broken && { broken }),
      reals,
      dependants: found.dependants.filter(({ path }) => !reals.includes(path)),
      unread: found.unread,
      complete: found.complete,
    }
    terminal.out(output === 'json' ? json(chainObject(known)) : chainText(known, lineDrawing(), dirname(image.path)))
    return EXIT.ok
  },
})
