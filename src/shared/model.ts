/** The nouns that engine, host and window share. Everything here is plain data that survives a structured clone. Sizes are bytes. */

export const FORMATS = ['raw', 'qcow2'] as const
export type FormatName = (typeof FORMATS)[number]

/** One row of an image's internal snapshot table. */
export interface SnapshotInfo {
  id: string
  name: string
  /** bytes of saved machine state, 0 for a disk-only snapshot */
  vmStateSize: number
  dateSeconds: number
  dateNanoseconds: number
  /** machine time since boot, split as QEMU prints it */
  clockSeconds: number
  clockNanoseconds: number
  /** instruction count of record/replay; undefined where the image does not store one */
  icount?: number
  /** guest bytes of the disk when the snapshot was taken */
  diskSize?: number
}

/** How the clusters of an image are compressed, in QEMU's words. */
export const COMPRESSION_TYPES = ['zlib', 'zstd'] as const
export type CompressionType = (typeof COMPRESSION_TYPES)[number]

/** What only qcow2 images have. */
export interface Qcow2Details {
  compat: '0.10' | '1.1'
  compressionType: CompressionType
  lazyRefcounts: boolean
  refcountBits: number
  corrupt: boolean
  dirty: boolean
  extendedL2: boolean
  /** the external data file's name as the image holds it, and whether it is kept a valid raw disk */
  dataFile?: string
  dataFileRaw?: boolean
  bitmaps?: BitmapInfo[]
  /** absent where the disk's bytes lie open */
  encrypt?: EncryptionInfo
  /** bytes in use inside the file: the end of the last cluster that has a reference count is not known here, so this is the file's length */
  fileLength: number
}

/** How a disk's bytes are encrypted. */
export type EncryptionInfo = { format: 'aes' } | LuksInfo

/** How a new disk shall be encrypted with LUKS, in QEMU's words; absent means its default (aes-256, xts, plain64, sha256, 2000 ms). */
export interface LuksRequest {
  cipherAlg?: string
  cipherMode?: string
  ivgenAlg?: string
  /** of essiv alone */
  ivgenHashAlg?: string
  hashAlg?: string
  /** milliseconds that trying a passphrase shall take */
  iterTime?: number
}

/** How a new disk shall be encrypted. `secret` is the name of its passphrase, which travels beside the request. `aes` is what old QEMUs made, and weak. */
export interface EncryptRequest extends LuksRequest {
  format: 'luks' | 'aes'
  secret: string
}

/** A LUKS header, in QEMU's words; nothing in it is secret. */
export interface LuksInfo {
  format: 'luks'
  uuid: string
  cipherAlg: string
  cipherMode: string
  /** absent where the header names none, as ECB needs none */
  ivgenAlg?: string
  /** present for essiv alone */
  ivgenHashAlg?: string
  hashAlg: string
  /** bytes */
  payloadOffset: number
  masterKeyIters: number
  slots: LuksSlotInfo[]
}

/** A key slot; `iters` and `stripes` of an active one alone. `keyOffset` in bytes from the start of the header. */
export interface LuksSlotInfo {
  active: boolean
  iters?: number
  stripes?: number
  keyOffset: number
}

/** One image file as its header describes it. */
export interface DiskInfo {
  path: string
  format: FormatName
  /** guest bytes */
  virtualSize: number
  /** bytes that the file system has given to the file */
  actualSize: number
  clusterSize?: number
  dirty: boolean
  encrypted: boolean
  /** the backing file's name as the image holds it */
  backingName?: string
  /** where that name leads from the image's own folder */
  backingPath?: string
  backingFormat?: string
  snapshots: SnapshotInfo[]
  qcow2?: Qcow2Details
  /** milliseconds since 1970 */
  modified: number
}

/** An image and all below it, top first. Where a layer can't be opened, `broken` says why and the list ends above it. */
export interface ChainInfo {
  layers: DiskInfo[]
  broken?: { path: string; code: string; message: string; hint?: string }
}

/** How much of a disk's space is set aside at once: nothing, its map, its room in the file, or its room written full. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full'
export type Compat = '0.10' | '1.1'

/** Creation options of a qcow2 image; absent means the default (64 KiB clusters, compat 1.1, 16-bit reference counts). */
export interface Qcow2Options {
  clusterSize?: number
  compat?: Compat
  refcountBits?: number
  preallocation?: Preallocation
  lazyRefcounts?: boolean
  extendedL2?: boolean
  /** the name of a file, made new, that shall hold the guest's bytes */
  dataFile?: string
  /** keep that file a valid raw disk */
  dataFileRaw?: boolean
  encrypt?: EncryptRequest
  compressionType?: CompressionType
  /** how hard to compress: 1 to 9 for zlib, 1 to 19 for zstd; absent means as QEMU does. Not kept in the image. */
  compressionLevel?: number
}

/** A persistent dirty bitmap. */
export interface BitmapInfo {
  name: string
  /** guest bytes that one bit stands for */
  granularity: number
  /** `in-use`: not stored rightly, its writer did not end; `auto`: marks every write */
  flags: ('in-use' | 'auto')[]
}

export type FindingKind = 'leak' | 'corruption' | 'error'

/** One thing that a check found, and where. */
export interface Finding {
  kind: FindingKind
  message: string
  /** bytes from the start of the file, where the finding has a place */
  offset?: number
  /** guest bytes from the start of the disk, where the finding concerns what the disk holds now at a place that is known */
  guestOffset?: number
}

export interface CheckReport {
  path: string
  format: FormatName
  corruptions: number
  leaks: number
  checkErrors: number
  /** present after a repair: what it mended; the counts above are then of what is left */
  corruptionsFixed?: number
  leaksFixed?: number
  /** what was mended, in words: the first of it, at most `FINDINGS_KEPT` */
  repairs?: Finding[]
  /** the first findings, at most `FINDINGS_KEPT`; the counts above are complete */
  findings: Finding[]
  totalClusters: number
  allocatedClusters: number
  fragmentedClusters: number
  compressedClusters: number
  /** bytes up to the end of the last used cluster */
  imageEndOffset: number
  clusterSize: number
}
export const FINDINGS_KEPT = 200

/** How far a job is. `done` and `total` are in the unit that the phase counts (guest bytes, as a rule). */
export interface Progress {
  phase: string
  done: number
  total: number
}
