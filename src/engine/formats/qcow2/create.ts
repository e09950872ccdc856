import type { EncryptRequest } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { bytesOf, viewOf } from '../../base/bytes.ts'
import { ceilDiv, isPowerOfTwo, putU64 } from '../../base/ints.ts'
import { unwatched } from '../../base/job.ts'
import { luksAreaBytes, luksOptions } from '../../crypto/luks-create.ts'
import type { CreateParams, OpenParams } from '../driver.ts'
import type { CreateOptions } from '../options.ts'
import { assertCompressible, compressionNumber } from './compression.ts'
import { countersOf } from './counters.ts'
import { Qcow2Driver } from './driver.ts'
import { createEncryption } from './encryption.ts'
import { encodeExtensions, featureNameExtension } from './extensions.ts'
import { geometryOf, l1EntriesFor, type Shape } from './geometry.ts'
import { growOver } from './grow.ts'
import { encodeHeader, type Header, readHeader } from './header.ts'
import { Image } from './image.ts'
import { AUTOCLEAR, COMPATIBLE, CRYPT, EXTENSION, HEADER_LENGTH, INCOMPATIBLE, LIMITS } from './layout.ts'
import { assertSize } from './size-limits.ts'
import { missingPassphrase, type Sealing } from './seal.ts'

/** Bytes set aside for the backing format's name and the extensions' end mark. */
const BACKING_FORMAT_ROOM = 32

/** Throws for a size or options that no qcow2 image can have. */
export function assertCreatable(size: number, options: CreateOptions, hasBacking: boolean): void {
  const bits = Math.log2(options.clusterSize)
  if (!isPowerOfTwo(options.clusterSize) || bits < LIMITS.minClusterBits || bits > LIMITS.maxClusterBits)
    throw new StrataError('INVALID_ARGUMENT', 'Cluster size must be a power of two between 512 and 2048k', { field: 'cluster_size' })
  const order = Math.log2(options.refcountBits)
  if (!isPowerOfTwo(options.refcountBits) || order > 6)
    throw new StrataError('INVALID_ARGUMENT', 'Refcount width must be a power of two and may not exceed 64 bits', {
      field: 'refcount_bits',
    })
  if (options.compat === '0.10' && options.refcountBits !== 16)
    throw new StrataError('INVALID_ARGUMENT', 'Different refcount widths than 16 bits require compatibility level 1.1 or above', {
      field: 'refcount_bits',
    })
  if (options.compat === '0.10' && options.lazyRefcounts)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or greater)',
      { field: 'lazy_refcounts' },
    )
  if (options.compat === '0.10' && options.extendedL2)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Extended L2 entries are only supported with compatibility level 1.1 and above (use version=v3 or greater)',
      { field: 'extended_l2' },
    )
  if (options.extendedL2 && bits < LIMITS.minExtendedClusterBits)
    throw new StrataError('INVALID_ARGUMENT', 'Extended L2 entries are only supported with cluster sizes of at least 16384 bytes', {
      field: 'cluster_size',
    })
  if (hasBacking && options.preallocation !== 'off' && !options.extendedL2)
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Backing file and preallocation can only be used at the same time if extended_l2 is on',
      { field: 'preallocation' },
      'Leave preallocation off: an overlay takes its space from the layer below until it is written.',
    )
  assertDataFile(options, hasBacking)
  assertCompressible(options)
  luksLength(options)
  assertSize(geometryOf(shapeFor(options)), size, '')
}

function assertDataFile({ dataFile, dataFileRaw, compat }: CreateOptions, hasBacking: boolean): void {
  const refuse = (message: string, field: string): never => {
    throw new StrataError('INVALID_ARGUMENT', message, { field })
  }
  if (dataFileRaw && dataFile === undefined) refuse('data-file-raw requires data-file', 'data_file_raw')
  if (dataFile === '') refuse('The data file needs a name', 'data_file')
  if (dataFile !== undefined && compat === '0.10')
    refuse('External data files are only supported with compatibility level 1.1 and above (use version=v3 or greater)', 'data_file')
  if (dataFileRaw && hasBacking) refuse('Backing file and data-file-raw cannot be used at the same time', 'data_file_raw')
}

/** What the options of a new image decide of its sizes. */
export function shapeFor({ compat, clusterSize, refcountBits, extendedL2, dataFile }: CreateOptions): Shape {
  const version = compat === '0.10' ? 2 : 3
  const external = dataFile !== undefined
  return { version, clusterBits: Math.log2(clusterSize), refcountOrder: Math.log2(refcountBits), extendedL2, external }
}

function incompatibleFor({ extendedL2, dataFile, compressionType }: CreateOptions): bigint {
  return (
    (extendedL2 ? INCOMPATIBLE.extendedL2 : 0n) |
    (dataFile === undefined ? 0n : INCOMPATIBLE.dataFile) |
    (compressionNumber(compressionType) === 0 ? 0n : INCOMPATIBLE.compression)
  )
}

/** Lays an empty disk of no size into an empty file (header, refcount table, one refcount block), and grows it to its size. */
export function create(request: CreateParams): Qcow2Driver {
  const { storage, codecs, crypto, dataFile, passphrase, size, backing, options, job = unwatched } = request
  assertCreatable(size, options, backing !== undefined)
  const geometry = geometryOf(shapeFor(options))
  const { clusterSize, version } = geometry
  const header: Header = {
    version,
    clusterBits: geometry.clusterBits,
    size: 0,
    cryptMethod: options.encrypt?.format === 'aes' ? CRYPT.aes : CRYPT.none,
    l1Size: 0,
    l1Offset: clusterSize * 3,
    refcountTableOffset: clusterSize,
    refcountTableClusters: 1,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible: incompatibleFor(options),
    compatible: options.lazyRefcounts ? COMPATIBLE.lazyRefcounts : 0n,
    autoclear: options.dataFileRaw ? AUTOCLEAR.rawDataFile : 0n,
    refcountOrder: Math.log2(options.refcountBits),
    compressionType: compressionNumber(options.compressionType),
    rest: new Uint8Array(),
    extensions: [],
  }
  if (backing) header.backing = backing
  if (options.dataFile !== undefined) header.extensions.push({ type: EXTENSION.dataFile, data: bytesOf(options.dataFile) })
  const names = featureNameExtension()
  // With the smallest clusters there is no room for the names, which are only a courtesy.
  const room = clusterSize - HEADER_LENGTH - BACKING_FORMAT_ROOM - bytesOf(backing?.name ?? '').length
  if (version === 3 && encodeExtensions([...header.extensions, names]).length <= room) header.extensions.push(names)

  const first = encodeHeader(header, storage.path)
  const table = new Uint8Array(clusterSize)
  putU64(viewOf(table), 0, clusterSize * 2)
  const block = new Uint8Array(clusterSize)
  for (let cluster = 0; cluster < 3; cluster++) countersOf(options.refcountBits).set(viewOf(block), cluster, 1)
  storage.truncate(0)
  storage.writeAt(clusterSize, table)
  storage.writeAt(clusterSize * 2, block)
  storage.writeAt(0, first)
  // A new image is written in one go: its counts need not go stale, even where the finished one lets them.
  const params: OpenParams = { storage, codecs, crypto, writable: true, lazyRefcounts: false }
  if (dataFile) params.dataFile = dataFile
  if (passphrase) params.passphrase = passphrase
  const sealing = options.encrypt?.format === 'luks' ? sealed(params, header, options.encrypt) : undefined
  if (backing && options.preallocation !== 'off') {
    const image = new Image(params, readHeader(storage))
    growOver(image, size, options.preallocation, job)
    image.flush()
  }
  const driver = new Qcow2Driver(params, sealing)
  driver.resize!.grow(size, options.preallocation, 0, job)
  return driver
}

/** Gives the new image its LUKS header. */
function sealed(params: OpenParams, header: Header, request: EncryptRequest): Sealing {
  if (!params.passphrase) throw missingPassphrase(params.storage.path)
  const luks = createEncryption(new Image(params, header), luksOptions(request), params.passphrase, params.crypto)
  return { seal: { cipher: luks.cipher, by: 'host' }, luks }
}

/** Bytes of the LUKS header that the options ask for. Throws for a way to encrypt that there is not. */
export function luksLength({ encrypt }: CreateOptions): number {
  return encrypt?.format === 'luks' ? luksAreaBytes(luksOptions(encrypt).spec) : 0
}

/** Bytes of a file that holds `data` bytes of guest data in whole clusters: these, their L2 tables and L1 table, the LUKS header, and the counts of all. */
export function fileSize(size: number, data: number, options: CreateOptions): number {
  const { clusterSize } = options
  const geometry = geometryOf(shapeFor(options))
  const dataClusters = ceilDiv(data, clusterSize)
  const l1Clusters = ceilDiv(l1EntriesFor(geometry, size) * 8, clusterSize)
  const l2Clusters = Math.min(dataClusters, l1EntriesFor(geometry, size))
  const luksClusters = ceilDiv(luksLength(options), clusterSize)
  const counted = 1 + luksClusters + l1Clusters + l2Clusters + (geometry.external ? 0 : dataClusters)
  let blocks = 1
  let table = 1
  // The blocks and the table count themselves, so their number is found by going round until it no longer grows.
  for (;;) {
    const needed = ceilDiv(counted + blocks + table, geometry.blockEntries)
    const tableNeeded = ceilDiv(needed * 8, clusterSize)
    if (needed <= blocks && tableNeeded <= table) return (counted + blocks + table) * clusterSize
    blocks = Math.max(blocks, needed)
    table = Math.max(table, tableNeeded)
  }
}
