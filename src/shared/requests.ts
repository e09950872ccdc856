import type { FormatName, DiskInfo, Preallocation, Compat, Qcow2Options } from './model.ts'

/** What each verb of the engine is asked, and what it answers. Plain data that survives a structured clone. Sizes are bytes. */

/** What of an image can be changed in place; what is absent stays. */
export interface AmendChanges {
  compat?: Compat
  lazyRefcounts?: boolean
  refcountBits?: number
  /** the backing file's name, which is not opened; null for none: then what was not written reads as zeros */
  backing?: { name: string; format?: string } | null
  /** a new name for the data file */
  dataFile?: string
  dataFileRaw?: boolean
  /** guest bytes */
  size?: number
  /** the passphrases of a disk that is encrypted with LUKS, and was opened with one of them */
  keys?: KeyChange
}

/**
 * What happens to the key slots of a disk. Passphrases are named, and travel beside the request. Removing all that are left takes `force`, and
 * so does a slot that is in use for adding to it.
 */
export type KeyChange =
  | { do: 'add'; secret: string; slot?: number; iterTime?: number; force?: boolean }
  | { do: 'change'; from: string; to: string; iterTime?: number }
  /** from every slot that it opens */
  | { do: 'remove'; secret: string; force?: boolean }
  | { do: 'empty'; slot: number; force?: boolean }

/** What to do with one bitmap of an image. Merging adds the marks of another one, of this image or of the one at `from`. */
export type BitmapAction =
  /** `granularity` in bytes; absent means as QEMU chooses it */
  | { do: 'add'; granularity?: number }
  | { do: 'remove' | 'clear' | 'enable' | 'disable' }
  | { do: 'merge'; source: string; from?: { path: string; format?: FormatName } }

export interface BitmapRequest {
  path: string
  format?: FormatName
  /** the bitmap */
  name: string
  /** done in order, up to the first that fails */
  actions: BitmapAction[]
}

export interface BitmapResult {
  info: DiskInfo
}

/** Which bitmaps a conversion takes along: all, of which none may be inconsistent, or those that are not. */
export type CopiedBitmaps = 'all' | 'sound'

/** What to do with the snapshots of an image. A snapshot is named by its id, else by its name. */
export type SnapshotAction =
  { do: 'create'; name: string } | { do: 'apply' | 'delete'; snapshot: string } | { do: 'rename'; snapshot: string; name: string }

export interface SnapshotRequest {
  path: string
  format?: FormatName
  action: SnapshotAction
}

export interface SnapshotResult {
  info: DiskInfo
}

/** What a repair may touch: counts that are too high, or everything. */
export type RepairScope = 'leaks' | 'all'

export interface CreateRequest {
  path: string
  format: FormatName
  /** guest bytes; may be absent with a backing file, whose size is then taken */
  size?: number
  /** `unopened`: not to be looked at, and it need not be there; then size and format must be stated */
  backing?: { name: string; format?: string; unopened?: boolean }
  qcow2?: Qcow2Options
  /** replace a file that is there already */
  overwrite: boolean
}

export interface CreateResult {
  info: DiskInfo
}

export interface ConvertRequest {
  source: SourceImage
  /** what comes behind it in the target, one after the other; the size of each is rounded up to 512 */
  also?: SourceImage[]
  /** what of the sources is copied, in guest bytes; the length is rounded up to 512 with zeros. All where absent. */
  range?: { start: number; length: number }
  target: ConvertTarget
  overwrite: boolean
  /** what is data in the source is written as it is, without a look for zeros */
  verbatim?: boolean
  /** bytes a second at most */
  rate?: number
  /** what can't be read of the source becomes zeros */
  salvage?: boolean
  /** a new target is not made durable: the system writes it when it likes */
  unflushed?: boolean
  /** take the bitmaps of the top layer along; none where absent */
  bitmaps?: CopiedBitmaps
  /** bytes of zeros, a multiple of 512, that become a hole; 0 writes every byte. Default 4096. */
  sparse?: number
  /** the new image is read through its own tables and compared with the source before it takes its name; not together with `salvage` or `inPlace` */
  verify?: boolean
  /**
   * verifies, and then the source goes: the new image takes its place where the target is the source's own path, else the source's file is removed
   * once the new image is in its place. Only for a whole disk that loses nothing by it.
   */
  replaceSource?: boolean
}

/** Where a conversion writes. */
export interface ConvertTarget {
  path: string
  format: FormatName
  qcow2?: Qcow2Options
  compress?: boolean
  /** the new image is an overlay on this file, whose name it holds, and holds itself what differs from that. Seen from the image's own folder. */
  backing?: { name: string; format?: string }
  /**
   * Writes into the image that is there, at least as large as the source; what lies behind the source's end stays. It holds `unknown` bytes, is all `zeros`,
   * or is `compared` with the source, and only what differs is written.
   */
  inPlace?: 'unknown' | 'zeros' | 'compared'
  /** names the passphrase of the image that is written into */
  secret?: string
}

export interface ConvertResult {
  info: DiskInfo
  /** guest bytes that were read as data and written */
  copied: number
  /** what could not be read, and is zeros now; absent where all could */
  unreadable?: Unreadable
}

/** Guest bytes in all, and where they are; no more than 1000 ranges are named. */
export interface Unreadable {
  bytes: number
  ranges: { at: number; length: number }[]
}

/** What a conversion will cost, before it starts. */
export interface Estimate {
  virtualSize: number
  /** bytes of the target with the data that the source holds; for a compressed target, judged from a sample */
  expected: number
  /** bytes of the target if nothing can be left out or packed */
  atMost: number
  /** bytes free where the target goes */
  free: number
  targetExists: boolean
}

export interface CheckRequest {
  path: string
  format?: FormatName
  /** mend what is found */
  repair?: RepairScope
  /** mend nothing, and report what would be left and mended */
  dryRun?: boolean
}

export interface ResizeRequest {
  path: string
  format?: FormatName
  /** new guest bytes */
  size: number
  preallocation?: Preallocation
  /** the new size may be smaller: what lies behind it is lost */
  shrink?: boolean
}

export interface ResizeResult {
  info: DiskInfo
  before: number
}

export interface AmendRequest {
  path: string
  format?: FormatName
  changes: AmendChanges
  /** the new size may be smaller: what lies behind it is lost */
  shrink?: boolean
}

export interface AmendResult {
  info: DiskInfo
}

/** An image as a verb reads it. `secret` names its passphrase; without it, its path does. `snapshot` reads that snapshot and not the disk as it is. */
export interface SourceImage {
  path: string
  format?: FormatName
  secret?: string
  snapshot?: string
}

/** Moves what an overlay holds into a layer below it. */
export interface CommitRequest {
  path: string
  format?: FormatName
  /** the layer that gets it, by its path; absent means the overlay's own backing file. The layers between the two then read wrong. */
  base?: string
  /** the overlay keeps what it holds; absent means that it is emptied. With a `base` further down it is always kept. */
  keep?: boolean
  /** go on even where internal snapshots of the overlay read what lies below it, and would read otherwise then */
  changeSnapshots?: boolean
  /** bytes a second at most */
  rate?: number
}

export interface CommitResult {
  /** the layer that got it */
  info: DiskInfo
  /** guest bytes that were copied down */
  copied: number
}

/** Puts an overlay on another backing file. */
export interface RebaseRequest {
  path: string
  format?: FormatName
  /** the name as the image will hold it, seen from the image's own folder; null for none: the image then holds all of its disk itself */
  backing: { name: string; format?: string } | null
  /** `safe`: the disk reads as before, what differs is copied into it. `unsafe`: only the name changes, and neither file is opened. */
  mode: 'safe' | 'unsafe'
  /** with `safe`: go on even where internal snapshots of the image read what lies below it, and would read otherwise then */
  changeSnapshots?: boolean
  /** packs what is copied */
  compress?: boolean
}

export interface RebaseResult {
  info: DiskInfo
  /** guest bytes that were copied into the image */
  copied: number
}

/** A run of a disk, seen through its chain. Bytes. */
export interface MapRun {
  start: number
  length: number
  /** layers below the top one, where the run's layer is; that of the deepest one where no layer has it */
  depth: number
  /** some layer has it: as bytes, as zeros, or as room */
  present: boolean
  zero: boolean
  data: boolean
  compressed: boolean
  /** where the bytes lie plain in `path`; absent for packed, encrypted and missing ones */
  offset?: number
  /** the file that holds them */
  path?: string
}

export interface MapRequest {
  path: string
  format?: FormatName
  /** guest bytes; absent means all from `start` on */
  start?: number
  length?: number
  /** runs in one answer; absent means 10,000 */
  most?: number
  /** time for this answer; what takes longer comes with the next one, and a run may then go on there. Absent means all that it takes. */
  milliseconds?: number
}

/** Runs that lie together and are alike are one. */
export interface MapResult {
  runs: MapRun[]
  /** where to go on, if there is more */
  next?: number
}

/** What a new image will take. The source, or the size of an empty disk. */
export interface MeasureRequest {
  source: SourceImage | { size: number }
  /** `backed`: on a backing file; what the two share is not known, so everything counts */
  target: { format: FormatName; qcow2?: Qcow2Options; compress?: boolean; backed?: boolean }
}

export interface MeasureResult {
  /** bytes of the file that holds what the source holds: never less than conversion makes, and at most 2% more. For a compressed target, the bound. */
  required: number
  /** bytes of the file once the guest has written everywhere */
  fullyAllocated: number
  /** bytes that the source's bitmaps take besides; absent where source or target have none */
  bitmaps?: number
  /** bytes of the target's data file besides, where it has one */
  dataFile?: number
  /** for a compressed target: what a sample of the data says that it will take */
  estimate?: number
}

/** Whether two disks read the same; the longer one must read as zeros behind the shorter one's end. */
export interface CompareRequest {
  left: SourceImage
  right: SourceImage
  /** sizes must be the same too, and what is allocated */
  strict?: boolean
}

export type CompareResult =
  | { same: true; sizesDiffer: boolean }
  /**
   * `at` in guest bytes: the first byte that differs, or the start of the first run that is allocated in one alone. `beyond`: it lies behind the end of
   * the shorter one.
   */
  | { same: false; why: 'content' | 'allocation'; at: number; beyond?: boolean }
  | { same: false; why: 'size'; left: number; right: number }

/** A measurement of reading or writing one image. */
export interface BenchRequest {
  path: string
  format?: FormatName
  /** requests in all, bytes of each, bytes from one to the next, and the first one's offset */
  count: number
  bufferSize: number
  step: number
  offset: number
  /** writes bytes of this value; absent means reading */
  write?: { pattern: number }
  /** writes between two flushes; 0 means none before the end */
  flushInterval: number
}

export interface BenchResult {
  /** of the requests alone, without opening and closing */
  seconds: number
}

/** Which images of some folders stand on a file. */
export interface DependantsRequest {
  path: string
  /** where to look, folders within them too; absent means the folder of the file */
  folders?: string[]
}

/** An image whose backing chain goes through a file. */
export interface Dependant {
  path: string
  /** from the image itself down to the file, as paths */
  chain: string[]
  virtualSize: number
  /** the image can't be read through its chain, and why */
  broken?: string
}

export interface DependantsResult {
  folders: string[]
  /** nearest first */
  dependants: Dependant[]
  /** images that are there and could not be read: whether they stand on the file is not known */
  unread: { path: string; message: string }[]
  /** false where there were more files than were looked at */
  complete: boolean
}

/** Where the missing backing file of an image might be now. */
export interface FindParentRequest {
  path: string
  format?: FormatName
  /** where to look, folders within them too; absent means the image's folder and the one that its name leads to */
  folders?: string[]
}

export interface FindParentResult {
  /** the first layer of the chain whose backing file is missing or is not what it was; absent where the chain is whole */
  broken?: { path: string; backingName: string; reason: string }
  /** best first */
  candidates: { path: string; name: string; format: FormatName; virtualSize: number; sameName: boolean }[]
}

/** Makes an image's file smaller without changing what its disk reads as. */
export interface CompactRequest {
  path: string
  format?: FormatName
  /**
   * `in-place`: clusters of zeros are given back, and the room behind the last used cluster. `rewrite`: a new file takes the place of the old one
   * when it is whole; it may be compressed too.
   */
  how: 'in-place' | 'rewrite'
  compress?: boolean
  /** changes nothing, and says what would be won */
  dryRun?: boolean
}

export interface CompactResult {
  info: DiskInfo
  /** bytes that the file system has given to the file */
  before: number
  /** the same afterwards; in a dry run, an estimate */
  after: number
  /** guest bytes in clusters that held nothing but zeros */
  zeros: number
}
