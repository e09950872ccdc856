import type { ConvertRequest } from '../../shared/requests.ts'
import { StrataError } from '../../shared/errors.ts'
import { Disk } from '../device/disk.ts'
import type { Platform } from '../device/platform.ts'
import { DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'
import { openBacking } from './backing-disk.ts'
import type { ConvertContext, Copying } from './copying.ts'
import { bitmapsToCopy, copyBitmaps } from './copy-bitmaps.ts'
import { assertNotInChain } from './same-file.ts'
import { dataFilePath, stageImage } from './stage-image.ts'
import { targetPassphrase } from './target-passphrase.ts'

/** Copies into a new image, which appears complete or not at all. Answers with the guest bytes written. */
export function convertToNew(
  platform: Platform,
  { target, overwrite, bitmaps: which, unflushed }: ConvertRequest,
  copying: Copying,
  { gate, job, secrets, watch }: ConvertContext,
): number {
  const { disks, size } = copying
  const { path } = target
  const format = formatNamed(target.format)
  const options = { ...DEFAULT_OPTIONS, ...target.qcow2 }
  const passphrase = targetPassphrase(options.encrypt, secrets, path)
  format.assertCreatable(size, options, target.backing !== undefined)
  if (target.compress && !format.codecName?.(options)) throw notCompressible(path)
  if (target.compress && options.encrypt) throw compressedAndEncrypted(path)
  const { replaced } = copying
  const takesPlace = replaced !== undefined && platform.files.canonical(path) === replaced
  const place = { path, overwrite: overwrite || takesPlace, dataFile: options.dataFile, unflushed }
  for (const file of [takesPlace ? undefined : path, dataFilePath(platform, place, gate)])
    if (file !== undefined) for (const disk of disks) assertNotInChain(platform, disk, file)
  const holdsBitmaps = target.format === 'qcow2' && options.compat !== '0.10'
  const bitmaps = which ? bitmapsToCopy(disks[0]!, which, { path, holdsBitmaps }) : []
  const below = target.backing && openBacking(platform, { path, dataFile: options.dataFile }, target.backing, { gate, secrets })
  try {
    return stageImage(platform, place, { gate, watch }, (storage, dataFile) => {
      const driver = format.create({
        storage,
        codecs: platform.codecs,
        crypto: platform.crypto,
        size,
        options,
        job,
        ...(target.backing && below && { backing: { name: target.backing.name, format: below.format } }),
        ...(dataFile && { dataFile }),
        ...(passphrase && { passphrase }),
      })
      const to = new Disk(path, driver, below)
      const written = copying.run(to, below ? 'known' : 'zeros', below && layerOf(platform, disks[0]!, below))
      job.report({ phase: 'Finishing', done: size, total: size })
      copyBitmaps(disks[0]!, to, bitmaps)
      to.flush()
      if (copying.prove) {
        const { codecs, crypto } = platform
        const open = { storage, codecs, crypto, writable: false, ...(dataFile && { dataFile }), ...(passphrase && { passphrase }) }
        copying.prove(new Disk(path, format.open(open), below))
      }
      copying.close()
      return written
    })
  } finally {
    below?.close()
  }
}

/** The layer of a disk that is the same image as another disk: what it and those below it hold need not be compared. */
function layerOf({ files }: Platform, disk: Disk, other: Disk): Disk | undefined {
  const real = files.canonical(other.path)
  // A disk's own layer may be a snapshot.
  for (let layer = disk.below; layer; layer = layer.below)
    if (layer.format === other.format && files.canonical(layer.path) === real) return layer
  return undefined
}

/** `-c` for a format, or an image, that packs nothing. */
export function notCompressible(path: string): StrataError {
  return new StrataError('UNSUPPORTED', 'Compression not supported for this file format', { path, field: 'compress' }, 'Choose qcow2.')
}

/** What is encrypted packs no smaller. */
export function compressedAndEncrypted(path: string): StrataError {
  return new StrataError('INVALID_ARGUMENT', 'Compression and encryption not supported at the same time', { path, field: 'compress' })
}
