import type { ConvertRequest, ConvertResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import { Throttle } from '../base/throttle.ts'
import { describeLayer } from '../device/chain.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { assertSameContent } from './assert-same-content.ts'
import { convertInPlace } from './convert-in-place.ts'
import { convertToNew } from './convert-to-new.ts'
import type { ConvertContext, Copying } from './copying.ts'
import { copy } from './copy.ts'
import { type CopySource, JoinedSource } from './copy-source.ts'
import { replacedSource } from './replaced-source.ts'
import { SalvagingSource } from './salvaging-source.ts'

/** qemu-img's default of `-S`: zeros of this many bytes become a hole. */
const DEFAULT_SPARSE = 4096

/** Writes the content of disks, each seen through its whole chain, into a new image of any format, or into one that is there. The sources are only read. */
export function convert(platform: Platform, request: ConvertRequest, context: ConvertContext): ConvertResult {
  const { source, also = [], target, range, salvage, verbatim, rate = 0, bitmaps, replaceSource = false, verify = replaceSource } = request
  const { gate, secrets, job } = context
  const sparse = sparseUnit(request)
  if (also.length > 0 && target.backing)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Having a backing file for the target makes no sense when concatenating multiple input images',
      { field: 'backing' },
    )
  if (also.length > 0 && bitmaps)
    throw new StrataError('INVALID_ARGUMENT', 'Copying bitmaps only possible with single source', { field: 'bitmaps' })
  if (verify && (salvage || target.inPlace))
    throw new StrataError('INVALID_ARGUMENT', 'Only a new image that holds all of the source can be verified', { field: 'verify' })
  const disks: Disk[] = []
  const close = (): void => {
    for (const disk of disks.splice(0)) disk.close()
  }
  try {
    for (const { path, format, secret, snapshot } of [source, ...also])
      disks.push(openDisk(platform, path, { gate, secrets, format, secret, snapshot }))
    const replaced = replaceSource ? replacedSource(platform, request, disks[0]!) : undefined
    const from = joined(disks, range)
    const salvaging = salvage ? new SalvagingSource(from) : undefined
    const copying: Copying = {
      disks,
      size: from.size,
      run(to, onto, shared) {
        const read = salvaging ?? (shared && !range ? aboveOf(disks[0]!, shared) : from)
        const compress = target.compress ? { level: target.qcow2?.compressionLevel } : undefined
        return copy(read, to, { sparse, verbatim, onto, compress, throttle: new Throttle(job, rate) }, job)
      },
      ...(verify && { prove: (made: Disk) => assertSameContent(from, made, job) }),
      ...(replaced !== undefined && { replaced }),
      close,
    }
    const copied = (target.inPlace ? convertInPlace : convertToNew)(platform, request, copying, context)
    const info = describeLayer(platform, target.path, { gate, format: target.format })
    // Last of all, and also where it had more names than one: this is the one that was given.
    if (replaced !== undefined && platform.files.canonical(target.path) !== replaced) platform.files.remove(replaced)
    const lost = salvaging?.lost
    return { info, copied, ...(lost?.bytes && { unreadable: lost }) }
  } finally {
    close()
  }
}

function joined(disks: readonly Disk[], range: ConvertRequest['range']): CopySource {
  const [first] = disks
  const whole = disks.length === 1 && first ? first : new JoinedSource(disks.map((source) => ({ source })))
  if (!range) return whole
  const { start, length } = range
  if (start > whole.size || length > whole.size - start)
    throw new StrataError('OUT_OF_RANGE', 'The range is not within the source', { field: 'range', offset: start })
  return new JoinedSource([{ source: whole, ...range }])
}

/** A disk of which only the layers above one of its own are told apart: the rest is what lies below. */
function aboveOf(disk: Disk, shared: Disk): CopySource {
  return {
    size: disk.size,
    readAt: (at, into) => disk.readAt(at, into),
    runs: (at, length) => disk.runsAbove(shared, at, length),
  }
}

function sparseUnit({ sparse = DEFAULT_SPARSE }: ConvertRequest): number {
  if (!Number.isSafeInteger(sparse) || sparse < 0 || sparse % 512 !== 0 || sparse > 2 ** 31)
    throw new StrataError('INVALID_ARGUMENT', 'The length of zeros that become a hole must be a multiple of 512 bytes', { field: 'sparse' })
  return sparse
}
