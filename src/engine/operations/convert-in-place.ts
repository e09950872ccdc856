import type { ConvertRequest } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import { passphraseNamed } from '../../shared/secrets.ts'
import type { Disk } from '../device/disk.ts'
import { layerFiles, openDisk } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { assertUnlocked } from './assert-unlocked.ts'
import type { ConvertContext, Copying } from './copying.ts'
import { compressedAndEncrypted, notCompressible } from './convert-to-new.ts'
import type { CopyOptions } from './copy.ts'
import { bitmapsToCopy, copyBitmaps } from './copy-bitmaps.ts'
import { assertNotInChain } from './same-file.ts'

const ONTO: Record<NonNullable<ConvertRequest['target']['inPlace']>, CopyOptions['onto']> = {
  unknown: 'unknown',
  zeros: 'zeros',
  compared: 'known',
}

/**
 * Copies into an image that is there. What could refuse it is asked before anything is written; a copy that ends early leaves an image that is sound and
 * holds some of the new bytes. Answers with the guest bytes written.
 */
export function convertInPlace(
  platform: Platform,
  { target, bitmaps: which }: ConvertRequest,
  copying: Copying,
  { gate, job, secrets }: ConvertContext,
): number {
  const { disks, size } = copying
  const { path, format, secret, compress, inPlace = 'unknown' } = target
  const own = secret === undefined ? undefined : passphraseNamed(secrets, secret)
  const known = own ? { ...secrets, [path]: own } : secrets
  const to = openDisk(platform, path, { gate, secrets: known, format, writable: true })
  try {
    for (const file of Object.values(layerFiles(platform, { path, driver: to.driver })))
      for (const disk of disks) assertNotInChain(platform, disk, file)
    if (to.size < size)
      throw new StrataError(
        'INVALID_ARGUMENT',
        'output file is smaller than input file',
        { path, field: 'size' },
        'Make the target as large as the source first.',
      )
    assertUnlocked(platform, to, known)
    if (compress) assertCompressible(to)
    const holdsBitmaps = to.driver.bitmaps !== undefined && to.driver.describe().qcow2?.compat !== '0.10'
    const bitmaps = which ? bitmapsToCopy(disks[0]!, which, { path, holdsBitmaps }) : []
    for (const { name } of bitmaps)
      if (to.driver.bitmaps?.list().some((other) => other.name === name))
        throw new StrataError('EXISTS', `Bitmap already exists: ${name}`, { path, field: 'bitmaps' }, 'Remove it from the target first.')
    const written = copying.run(to, ONTO[inPlace])
    job.report({ phase: 'Finishing', done: size, total: size })
    copyBitmaps(disks[0]!, to, bitmaps)
    to.flush()
    return written
  } finally {
    to.close()
  }
}

function assertCompressible({ path, driver }: Disk): void {
  if (!driver.packGrain || !driver.writer?.writePacked) throw notCompressible(path)
  if (driver.describe().encrypted) throw compressedAndEncrypted(path)
}
