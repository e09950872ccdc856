import type { CreateRequest, CreateResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import type { OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'
import { openBacking } from './backing-disk.ts'
import type { StageWatch } from './stage.ts'
import { stageImage } from './stage-image.ts'
import { targetPassphrase } from './target-passphrase.ts'

/** Makes an empty disk, or an overlay on a backing file, whose size it takes unless one is stated. The file appears complete or not at all. */
export function create(
  platform: Platform,
  request: CreateRequest,
  { gate, job, secrets }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job },
  watch: StageWatch,
): CreateResult {
  const { path, overwrite } = request
  const format = formatNamed(request.format)
  const options = { ...DEFAULT_OPTIONS, ...request.qcow2 }
  const lower =
    request.backing &&
    (request.backing.unopened ? stated(request.backing) : lookAt(platform, { path, dataFile: options.dataFile }, request.backing, gate))
  const size = request.size ?? lower?.size
  if (size === undefined) throw new StrataError('INVALID_ARGUMENT', 'Image creation needs a size parameter', { path, field: 'size' })
  format.assertCreatable(size, options, lower !== undefined)
  const target = { path, overwrite, dataFile: options.dataFile }
  const passphrase = targetPassphrase(options.encrypt, secrets, path)
  stageImage(platform, target, { gate, watch }, (storage, dataFile) => {
    const { codecs, crypto } = platform
    const driver = format.create({
      storage,
      codecs,
      crypto,
      size,
      options,
      job,
      ...(lower && { backing: lower.backing }),
      ...(dataFile && { dataFile }),
      ...(passphrase && { passphrase }),
    })
    driver.writer?.flush()
  })
  return { info: describeLayer(platform, path, { gate, format: request.format }) }
}

/** What is known of a backing file that is not looked at. */
function stated({ name, format }: { name: string; format?: string }): { size?: number; backing: { name: string; format: string } } {
  if (format !== undefined) return { backing: { name, format } }
  throw new StrataError('INVALID_ARGUMENT', 'Backing file specified without backing format', { field: 'backing_fmt' })
}

/** Opens the backing file once, to know that it is there, what it is and how large; a format that was not stated is found out and kept. */
function lookAt(
  platform: Platform,
  target: { path: string; dataFile: string | undefined },
  backing: { name: string; format?: string },
  gate: OpenOptions['gate'],
): { size: number; backing: { name: string; format: string } } {
  const lower = openBacking(platform, target, backing, { gate })
  try {
    return { size: lower.size, backing: { name: backing.name, format: lower.format } }
  } finally {
    lower.close()
  }
}
