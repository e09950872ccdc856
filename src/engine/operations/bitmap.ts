import type { BitmapAction, BitmapRequest, BitmapResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import type { BitmapFacet, FormatDriver } from '../formats/driver.ts'
import { defaultGranularity } from './copy-bitmaps.ts'

/**
 * Does several things to one persistent bitmap of an image, in order. What was done before one of them fails stays done; the error's field is
 * `actions[i]` then.
 */
export function bitmap(
  platform: Platform,
  { path, format, name, actions }: BitmapRequest,
  { gate, job, secrets }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
): BitmapResult {
  const driver = openLayer(platform, path, { gate, secrets, format, writable: true })
  try {
    actions.forEach((action, i) => {
      job.checkpoint()
      try {
        act(action, name, driver, (source) => openLayer(platform, source.path, { gate, secrets, format: source.format }))
      } catch (error) {
        throw error instanceof StrataError ? atAction(error, i, path) : error
      }
    })
  } finally {
    driver.close()
  }
  return { info: describeLayer(platform, path, { gate, secrets, format }) }
}

function atAction({ code, message, where, hint, cause }: StrataError, index: number, path: string): StrataError {
  return new StrataError(code, message, { path, ...where, field: `actions[${index}]` }, hint, cause)
}

type SourceImage = NonNullable<Extract<BitmapAction, { do: 'merge' }>['from']>

function act(action: BitmapAction, name: string, driver: FormatDriver, open: (source: SourceImage) => FormatDriver): void {
  if (action.do === 'add') {
    const { bitmaps } = driver
    if (!bitmaps)
      throw new StrataError(
        'UNSUPPORTED',
        `A ${driver.format} image holds no bitmaps`,
        { field: 'format' },
        'Convert it to qcow2, or put a qcow2 overlay on it.',
      )
    return bitmaps.add(name, action.granularity ?? defaultGranularity(driver), true)
  }
  const bitmaps = driver.bitmaps ?? none(name)
  if (action.do !== 'merge') return bitmaps[action.do](name)
  const source = action.from ? open(action.from) : driver
  try {
    bitmaps.mark(name, marksOf(source, action.source, driver.size))
  } finally {
    if (source !== driver) source.close()
  }
}

/** The marks of the bitmap that is to be merged; looked for when they are asked for, after the bitmap that gets them. */
function* marksOf(source: FormatDriver, name: string, size: number): Generator<{ at: number; length: number }> {
  const marks = (source.bitmaps ?? none(name)).marked(name)
  if (source.size !== size)
    throw new StrataError(
      'INVALID_ARGUMENT',
      `Bitmaps are of different sizes (destination size is ${size}, source size is ${source.size}) and can't be merged`,
      {},
      'Resize one of the disks first.',
    )
  yield* marks
}

/** What an image without bitmaps answers to the question for one. */
function none(name: string): BitmapFacet {
  throw new StrataError('NOT_FOUND', `Dirty bitmap '${name}' not found`, { field: 'bitmap' })
}
