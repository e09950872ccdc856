import type { ConvertRequest, ConvertResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'
import { bitmapsToCopy, copyBitmaps } from './copy-bitmaps.ts'
import { copy } from './copy.ts'
import { assertNotInChain } from './same-file.ts'
import type { StageWatch } from './stage.ts'
import { dataFilePath, stageImage } from './stage-image.ts'
import { targetPassphrase } from './target-passphrase.ts'

/** qemu-img's default of `-S`: zeros of this many bytes become a hole. */
const DEFAULT_SPARSE = 4096

/** Writes the content of a disk, seen through its whole chain, into a new image of any format. The source is only read. */
export function convert(
  platform: Platform,
  request: ConvertRequest,
  { gate, job, secrets, watch }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job; watch: StageWatch },
): ConvertResult {
  const { source, target, overwrite } = request
  const format = formatNamed(target.format)
  const options = { ...DEFAULT_OPTIONS, ...target.qcow2 }
  const sparse = sparseUnit(request)
  const passphrase = targetPassphrase(options.encrypt, secrets, target.path)
  const from = openDisk(platform, source.path, { gate, secrets, format: source.format, secret: source.secret, snapshot: source.snapshot })
  try {
    format.assertCreatable(from.size, options, false)
    if (target.compress && !format.codecName?.(options))
      throw new StrataError(
        'UNSUPPORTED',
        'Compression not supported for this file format',
        { path: target.path, field: 'compress' },
        'Choose qcow2.',
      )
    if (target.compress && options.encrypt)
      throw new StrataError('INVALID_ARGUMENT', 'Compression and encryption not supported at the same time', {
        path: target.path,
        field: 'compress',
      })
    const place = { path: target.path, overwrite, dataFile: options.dataFile }
    for (const path of [target.path, dataFilePath(platform, place, gate)]) if (path !== undefined) assertNotInChain(platform, from, path)
    const holdsBitmaps = target.format === 'qcow2' && options.compat !== '0.10'
    const bitmaps = request.bitmaps ? bitmapsToCopy(from, request.bitmaps, { path: target.path, holdsBitmaps }) : []
    const copied = stageImage(platform, place, { gate, watch }, (storage, dataFile) => {
      const driver = format.create({
        storage,
        codecs: platform.codecs,
        crypto: platform.crypto,
        size: from.size,
        options,
        job,
        ...(dataFile && { dataFile }),
        ...(passphrase && { passphrase }),
      })
      const to = new Disk(target.path, driver)
      const written = copy(from, to, { sparse, ...(target.compress && { compress: { level: options.compressionLevel } }) }, job)
      job.report({ phase: 'Finishing', done: from.size, total: from.size })
      copyBitmaps(from, to, bitmaps)
      to.flush()
      return written
    })
    return { info: describeLayer(platform, target.path, { gate, format: target.format }), copied }
  } finally {
    from.close()
  }
}

function sparseUnit({ sparse = DEFAULT_SPARSE }: ConvertRequest): number {
  if (!Number.isSafeInteger(sparse) || sparse < 0 || sparse % 512 !== 0 || sparse > 2 ** 31)
    throw new StrataError('INVALID_ARGUMENT', 'The length of zeros that become a hole must be a multiple of 512 bytes', { field: 'sparse' })
  return sparse
}
