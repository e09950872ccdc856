import { StrataError } from '../../shared/errors.ts'
import type { DiskInfo } from '../../shared/model.ts'
import { sameBytes } from '../base/bytes.ts'
import type { Job } from '../base/job.ts'
import { Disk } from '../device/disk.ts'
import { openLayer, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { type CreateOptions, DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'
import type { Storage } from '../io/storage.ts'
import { bitmapsToCopy, copyBitmaps } from './copy-bitmaps.ts'
import { copyLayer } from './copy-layer.ts'
import { dataOf, sample } from './estimate.ts'
import { stage, type StageWatch } from './stage.ts'

/** Guest bytes compared at once. */
const PIECE = 2 ** 20

type Options = Pick<OpenOptions, 'gate' | 'format'> & { compress: boolean }

/** Throws for what a rewrite would lose, or can't do. */
export function assertRewritable({ path, format, snapshots, encrypted, qcow2 }: DiskInfo, compress: boolean): void {
  const refuse = (message: string, field: string, hint = 'Compact it in place.'): never => {
    throw new StrataError('UNSUPPORTED', message, { path, field }, hint)
  }
  if (snapshots.length > 0)
    refuse('A rewrite would lose the snapshots of the image', 'snapshots', 'Compact it in place, or delete them first.')
  if (encrypted) refuse('An encrypted image can only be compacted in place', 'encrypt')
  if (qcow2?.dataFile !== undefined) refuse('An image with a data file can only be compacted in place', 'data_file')
  if (qcow2?.bitmaps?.some(({ flags }) => flags.includes('in-use')))
    refuse('A rewrite would lose the inconsistent bitmaps of the image', 'bitmaps', 'Compact it in place, or remove them first.')
  if (compress && qcow2 === undefined) refuse(`A ${format} image can't be compressed`, 'compress', 'Convert it to qcow2.')
}

/** Makes the image anew beside itself, looks whether it reads the same, and puts it in the place of the old one. Answers with the guest bytes of zeros that it left out. */
export function rewrite(
  platform: Platform,
  info: DiskInfo,
  { compress, watch, ...options }: Options & { watch: StageWatch },
  job: Job,
): number {
  return stage(platform, { path: info.path, overwrite: true }, watch, (storage) => {
    // Open for writing, though nothing is written: what could not be compacted in place is not to be replaced either.
    const from = new Disk(info.path, openLayer(platform, info.path, { ...options, writable: true }))
    try {
      const backing = from.driver.backing
      const { codecs, crypto } = platform
      const driver = formatNamed(info.format).create({
        storage,
        codecs,
        crypto,
        size: from.size,
        options: creationOptions(info),
        job,
        ...(backing && { backing }),
      })
      const to = new Disk(info.path, driver)
      const bitmaps = info.qcow2?.bitmaps ? bitmapsToCopy(from, 'all', { path: info.path, holdsBitmaps: true }) : []
      const zeros = copyLayer(from, to, { hide: backing !== undefined, compress }, job)
      copyBitmaps(from, to, bitmaps)
      to.flush()
      if (info.format === 'raw') storage.truncate(platform.files.facts(info.path)?.size ?? from.size)
      assertSame(platform, from, storage, info, job)
      return zeros
    } finally {
      from.close()
    }
  })
}

/** What `rewrite` would win, judged from the map and a sample of the data. */
export function estimateRewrite(
  platform: Platform,
  info: DiskInfo,
  { compress, before, ...options }: Options & { before: number },
): { zeros: number; gain: number } {
  const disk = new Disk(info.path, openLayer(platform, info.path, options))
  try {
    const creation = creationOptions(info)
    const grain = info.format === 'raw' ? 4096 : creation.clusterSize
    const { codec } = disk.driver
    const { bytes, spots } = dataOf(disk, grain)
    const share = (pack: (cluster: Uint8Array) => Uint8Array | undefined): number =>
      spots.length === 0 ? 0 : sample(disk, spots, grain, pack)
    const plain = share(() => undefined)
    const kept = Math.ceil(bytes * (compress ? share((cluster) => codec?.pack(cluster)) : plain))
    const after = formatNamed(info.format).fileSize(disk.size, kept, creation)
    return { zeros: Math.round(bytes * (1 - plain)), gain: before - after }
  } finally {
    disk.close()
  }
}

/** The options that make an image like this one. */
function creationOptions({ qcow2, clusterSize = DEFAULT_OPTIONS.clusterSize }: DiskInfo): CreateOptions {
  if (!qcow2) return DEFAULT_OPTIONS
  const { compat, compressionType, lazyRefcounts, refcountBits, extendedL2 } = qcow2
  return { ...DEFAULT_OPTIONS, clusterSize, compat, compressionType, lazyRefcounts, refcountBits, extendedL2 }
}

/** Reads the finished file anew, and throws where it holds anything else than the image that it is to replace, or holds it elsewhere. */
function assertSame(platform: Platform, from: Disk, storage: Storage, info: DiskInfo, job: Job): void {
  const { codecs, crypto } = platform
  const made = new Disk(info.path, formatNamed(info.format).open({ storage, codecs, crypto, writable: false }))
  const differs = (at: number): never => {
    throw new StrataError('BUG', 'The new image does not read as the old one, which stays as it was', { path: info.path, offset: at })
  }
  if (made.size !== from.size) differs(made.size)
  const mine = new Uint8Array(PIECE)
  const other = new Uint8Array(PIECE)
  for (let at = 0; at < from.size;) {
    job.checkpoint()
    job.report({ phase: 'Comparing', done: at, total: from.size })
    const old = from.driver.locate(at, from.size - at)
    const now = made.driver.locate(at, old.length)
    let length = now.length
    if (from.driver.backing && (old.kind === 'below') !== (now.kind === 'below')) differs(at)
    if (![old, now].every(({ kind }) => kind === 'below' || kind === 'zero')) {
      length = Math.min(length, PIECE)
      from.readAt(at, mine.subarray(0, length))
      made.readAt(at, other.subarray(0, length))
      if (!sameBytes(mine.subarray(0, length), other.subarray(0, length))) differs(at)
    }
    at += length
  }
}
