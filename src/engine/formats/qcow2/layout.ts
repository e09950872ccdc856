import { struct } from '../../base/struct.ts'

/** On-disk shapes and numbers of qcow2. Source: QEMU's docs/interop/qcow2, the section named at each. */

/** "QFI\xfb" */
export const MAGIC = 0x514649fb

/** Section "Header": the part that version 2 has too. */
export const HeaderV2 = struct('qcow2 header', 72, {
  magic: [0, 'u32'],
  version: [4, 'u32'],
  backingOffset: [8, 'size64'],
  backingLength: [16, 'u32'],
  clusterBits: [20, 'u32'],
  size: [24, 'size64'],
  cryptMethod: [32, 'u32'],
  l1Size: [36, 'u32'],
  l1Offset: [40, 'size64'],
  refcountTableOffset: [48, 'size64'],
  refcountTableClusters: [56, 'u32'],
  snapshotCount: [60, 'u32'],
  snapshotsOffset: [64, 'size64'],
})

/** Section "Header": what version 3 adds. */
export const HeaderV3 = struct('qcow2 header', 104, {
  incompatible: [72, 'flags64'],
  compatible: [80, 'flags64'],
  autoclear: [88, 'flags64'],
  refcountOrder: [96, 'u32'],
  headerLength: [100, 'u32'],
})

/** Section "Additional fields": present when the header is longer than 104 bytes. */
export const COMPRESSION_TYPE_AT = 104
/** Bytes of the header that Strata and QEMU since 5.1 write. */
export const HEADER_LENGTH = 112

/** Section "Header", encryption methods. */
export const CRYPT = { none: 0, aes: 1, luks: 2 } as const

/** Section "Header", feature bits. */
export const INCOMPATIBLE = { dirty: 1n << 0n, corrupt: 1n << 1n, dataFile: 1n << 2n, compression: 1n << 3n, extendedL2: 1n << 4n } as const
export const COMPATIBLE = { lazyRefcounts: 1n << 0n } as const
export const AUTOCLEAR = { bitmaps: 1n << 0n, rawDataFile: 1n << 1n } as const

/** Section "Feature name table": kind, bit and name, as written into new images and used where an image brings no table. */
export const FEATURE_NAMES: readonly (readonly [kind: 0 | 1 | 2, bit: number, name: string])[] = [
  [0, 0, 'dirty bit'],
  [0, 1, 'corrupt bit'],
  [0, 2, 'external data file'],
  [0, 3, 'compression type'],
  [0, 4, 'extended L2 entries'],
  [1, 0, 'lazy refcounts'],
  [2, 0, 'bitmaps'],
  [2, 1, 'raw external data'],
]
export const FEATURE_RECORD = 48

/** Section "Header extensions". */
export const EXTENSION = {
  end: 0,
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  luks: 0x0537be77,
  dataFile: 0x44415441,
} as const

/** Section "Snapshots": the fixed part of a snapshot table entry. */
export const SnapshotEntry = struct('snapshot table entry', 40, {
  l1Offset: [0, 'size64'],
  l1Size: [8, 'u32'],
  idLength: [12, 'u16'],
  nameLength: [14, 'u16'],
  dateSeconds: [16, 'u32'],
  dateNanoseconds: [20, 'u32'],
  // nanoseconds: 2^53 of them are 104 days
  clock: [24, 'flags64'],
  vmStateSize: [32, 'u32'],
  extraLength: [36, 'u32'],
})

/** Section "Full disk encryption header pointer": where the LUKS header lies, in bytes. */
export const LuksExtension = struct('encryption header pointer', 16, {
  offset: [0, 'size64'],
  length: [8, 'size64'],
})

/** Section "Bitmaps": the header extension. */
export const BitmapsExtension = struct('bitmaps extension', 24, {
  count: [0, 'u32'],
  reserved: [4, 'u32'],
  directorySize: [8, 'size64'],
  directoryOffset: [16, 'size64'],
})

/** Section "Bitmaps": the fixed part of a bitmap directory entry. */
export const BitmapEntry = struct('bitmap directory entry', 24, {
  tableOffset: [0, 'size64'],
  tableSize: [8, 'u32'],
  flags: [12, 'u32'],
  type: [16, 'u8'],
  granularityBits: [17, 'u8'],
  nameLength: [18, 'u16'],
  extraLength: [20, 'u32'],
})

/** Section "Bitmap directory", flags. */
export const BITMAP_FLAG = { inUse: 1, auto: 2, extraCompatible: 4 } as const

/** What QEMU enforces, and so do we; a larger value is a lie or a mistake. */
export const LIMITS = {
  minClusterBits: 9,
  maxClusterBits: 21,
  minExtendedClusterBits: 14,
  /** bytes of an L1 table */
  l1Bytes: 32 * 2 ** 20,
  /** bytes of the refcount table */
  refcountTableBytes: 8 * 2 ** 20,
  snapshots: 65536,
  snapshotTableBytes: 64 * 2 ** 20,
  snapshotExtra: 1024,
  backingName: 1023,
  bitmaps: 65535,
  bitmapDirectoryBytes: 65535 * 1024,
  bitmapName: 1023,
  /** bytes of one bitmap's bits */
  bitmapBytes: 512 * 2 ** 20,
  minGranularityBits: 9,
  maxGranularityBits: 31,
} as const
