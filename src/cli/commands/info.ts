import { FORMAT, OUTPUT, outputOf, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { inspect } from '../inspect.ts'
import { json } from '../json.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { brokenLayer, openFailure } from '../open-failure.ts'
import { infoObject, infoText } from '../render-info.ts'
import { verb } from '../verb.ts'

/** `strata info`: what an image is. A layer below that can't be opened matters only when the chain was asked for. */
export const info = verb({
  summary: 'say what an image is',
  operands: 'FILE',
  examples: [
    { line: 'info disk.qcow2', does: 'say what an image is' },
    { line: 'info --backing-chain --output=json overlay.qcow2', does: 'all layers, for a script' },
  ],
  options: {
    format: FORMAT,
    output: OUTPUT,
    chain: { long: 'backing-chain', help: 'the images below it too' },
    share: SHARE,
    ...IMAGE,
  },
  run(args, terminal) {
    const [path] = args.operands
    const output = outputOf(args.last('output'))
    if (path === undefined || args.operands.length > 1) throw usageFailure('Expecting one image file name')
    const image = namedImage(args, path)
    const { layers, broken } = inspect(image.path, image.format, path)
    const shown = args.has('chain') ? layers : layers.slice(0, 1)
    if (broken && args.has('chain'))
      throw broken.code === 'CHAIN'
        ? new Failure(`Backing file '${broken.path}' creates an infinite loop.`, { hint: broken.hint })
        : openFailure(broken.path, brokenLayer(broken))
    if (output === 'json') terminal.out(json(args.has('chain') ? shown.map(infoObject) : shown.map(infoObject)[0]))
    else terminal.out(shown.map(infoText).join('\n'))
    return EXIT.ok
  },
})
