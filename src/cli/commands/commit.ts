import { dirname, resolve } from 'node:path'
import { StrataError } from '../../shared/errors.ts'
import type { DiskInfo } from '../../shared/model.ts'
import type { CommitRequest } from '../../shared/requests.ts'
import { assertCacheMode, FORMAT, QUIET } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE, warnOfStranded } from '../impact.ts'
import { inspectWhole } from '../inspect.ts'
import { IMAGE, namedImage, secretsByPath } from '../named-image.ts'
import { openReason, systemWords } from '../open-failure.ts'
import { progressDisplay } from '../progress.ts'
import { runJob } from '../run-job.ts'
import { sizeArgument } from '../size-argument.ts'
import { verb } from '../verb.ts'

/** `strata commit`: what an overlay holds goes into a layer below it. */
export const commit = verb({
  summary: 'move what an overlay holds into the image below it',
  operands: 'FILE',
  description: ['Images that stand on the one below would read otherwise afterwards: they are named, and nothing is done without --force.'],
  examples: [{ line: 'commit overlay.qcow2', does: 'move what the overlay holds into its backing file' }],
  options: {
    format: FORMAT,
    base: {
      short: 'b',
      value: 'BASE',
      help: 'the layer that gets it; the overlay then keeps what it holds, and the layers between read wrong',
    },
    keep: { short: 'd', help: 'leave the overlay as it is, and do not empty it' },
    progress: { short: 'p', help: 'show how far the work is' },
    quiet: QUIET,
    rate: { short: 'r', value: 'RATE', help: 'copy at most so many bytes a second' },
    cache: { short: 't', value: 'CACHE', help: 'accepted: the image is written through the system cache and flushed' },
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const [operand, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    assertCacheMode(args.last('cache'), 'cache')
    const rateText = args.last('rate')
    const rate = rateText === undefined ? 0 : Number(sizeArgument('rate limit', rateText))
    const image = namedImage(args, operand)
    const { path } = image
    const { layers } = inspectWhole(path, image.format, operand)
    const named = args.last('base')
    const { above, target } = splitAt(layers, named, operand)
    if (!args.has('force')) assertHarmless(target.path, { but: above, doing: 'Committing' })
    const between = above.slice(1)
    if (between.length > 0) warnOfStranded(terminal, between, target)

    // Emptying the overlay, which comes last, would begin anew.
    const progress = progressDisplay(args, terminal, ['Committing'])
    const request: CommitRequest = {
      path,
      ...(layers[0] && { format: layers[0].format }),
      ...(named !== undefined && { base: target.path }),
      ...(rate > 0 && { rate }),
      changeSnapshots: args.has('force'),
      keep: named !== undefined || args.has('keep'),
    }
    try {
      await runJob(terminal, { kind: 'commit', request }, progress.show, secretsByPath(image))
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      const passphrase = error.code === 'NO_PASSPHRASE' || error.code === 'WRONG_PASSPHRASE'
      const words = passphrase ? `Could not open '${operand}': ${openReason(path, error.toDto())}` : systemWords(error.toDto())
      throw new Failure(words, { hint: error.hint })
    }
    progress.end()
    if (!args.has('quiet')) terminal.out('Image committed.\n')
    return EXIT.ok
  },
})

/** The layer that gets what the layers above it hold, and those. A name is as seen from here, or from the image that holds it. */
function splitAt(layers: readonly DiskInfo[], named: string | undefined, operand: string): { above: DiskInfo[]; target: DiskInfo } {
  const depth = layers.findIndex((layer, i) => {
    const over = layers[i - 1]
    if (!over || named === undefined) return i === 1
    return named !== '' && [resolve(named), resolve(dirname(over.path), named)].includes(resolve(layer.path))
  })
  const target = layers[depth]
  if (target) return { above: layers.slice(0, depth), target }
  if (named === undefined) throw new Failure('Image does not have a backing file')
  throw new Failure(`Did not find '${named}' in the backing chain of '${operand}'`)
}
