import type { CompactRequest, CompactResult } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Job } from '../base/job.ts'
import { describeLayer } from '../device/chain.ts'
import { backingPath, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { compactInPlace, estimateInPlace } from './compact-in-place.ts'
import { assertRewritable, estimateRewrite, rewrite } from './compact-rewrite.ts'
import type { StageWatch } from './stage.ts'

/** Makes an image's file smaller. Its disk reads as before, at every step and after a power cut. */
export function compact(
  platform: Platform,
  { path, format, how, compress = false, dryRun = false }: CompactRequest,
  { gate, job, secrets, watch }: Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job; watch: StageWatch },
): CompactResult {
  const info = describeLayer(platform, path, { gate, format })
  const options = { gate, secrets, format: info.format }
  if (how === 'in-place' && compress)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Only a rewrite can compress an image',
      { path, field: 'compress' },
      'Rewrite the image, or leave compression out.',
    )
  const room = (): number => roomTaken(platform, path, info.qcow2?.dataFile)
  const before = room()
  if (how === 'rewrite') assertRewritable(info, compress)
  if (dryRun) {
    const { zeros, gain } =
      how === 'rewrite' ? estimateRewrite(platform, info, { ...options, compress, before }) : estimateInPlace(platform, info, options, job)
    return { info, before, after: Math.max(0, before - gain), zeros }
  }
  const zeros =
    how === 'rewrite' ? rewrite(platform, info, { ...options, compress, watch }, job) : compactInPlace(platform, info, options, job)
  return { info: describeLayer(platform, path, { gate, format: info.format }), before, after: room(), zeros }
}

/** Bytes that the file system gave to an image and to its data file. */
function roomTaken({ files, ...platform }: Platform, path: string, dataFile: string | undefined): number {
  const own = files.facts(path)?.allocated ?? 0
  return dataFile === undefined ? own : own + (files.facts(backingPath({ files, ...platform }, path, dataFile))?.allocated ?? 0)
}
