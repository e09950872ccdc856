import type { BitmapInfo, CheckReport, DiskInfo, FormatName, Preallocation, Qcow2Details, SnapshotInfo } from '../../shared/model.ts'
import type { AmendChanges, RepairScope } from '../../shared/requests.ts'
import type { SnapshotSpace } from '../../shared/snapshot-space.ts'
import type { Job } from '../base/job.ts'
import type { Codec, CodecName, Codecs } from '../codec/codec.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import type { SectorCipher } from '../crypto/sector-cipher.ts'
import type { Storage } from '../io/storage.ts'
import type { CreateOptions } from './options.ts'

/** Bytes that lie encrypted in the file. `sector` numbers, for the cipher, the 512 bytes at whose start the range begins. */
export interface Sealed {
  readonly cipher: SectorCipher
  readonly sector: number
}

/** Where a guest range lives. `length` is in bytes and never more than was asked for. */
export type Extent =
  /** bytes at `at` in `storage`; where they are encrypted, `sealed` is of the sector that holds the first of them */
  | { kind: 'data'; length: number; storage: Storage; at: number; sealed?: Sealed }
  /** compressed: ask `readPacked` */
  | { kind: 'packed'; length: number }
  /** reads as zeros, whatever lies below */
  | { kind: 'zero'; length: number; room?: Room }
  /** not in this layer: ask the backing disk */
  | { kind: 'below'; length: number; room?: Room }

/** Space that is set aside for a guest range and holds nothing of it yet. */
export interface Room {
  readonly storage: Storage
  readonly at: number
}

/**
 * Room for a guest range. The caller fills `storage` from `at` with the bytes of `[start, start + length)`, all of them, and
 * then commits. A lease that is never committed leaks its room and damages nothing.
 */
export interface Lease {
  readonly storage: Storage
  readonly at: number
  /** present where the bytes are to be encrypted; then `at`, `start` and `length` are whole sectors of 512 bytes */
  readonly sealed?: Sealed
  /** guest offset of the first byte; at or before what was asked */
  readonly start: number
  readonly length: number
  /** Publishes the mapping. Call it after the bytes are written. */
  commit(): void
}

/** The writing half of a driver. Nothing is durable before `flush` returns. */
export interface DriverWriter {
  /** Room that covers at least the byte at `at`, and as much of `length` as lies together. */
  reserve(at: number, length: number): Lease
  /** Stores one packed cluster; `at` is a multiple of `packGrain`. Absent where the format can't. */
  writePacked?(at: number, packed: Uint8Array): void
  /**
   * Makes `[at, at + length)` read as zeros, as metadata where the format can: both are multiples of the grain, or reach the end. It goes on reading
   * so whatever is put below the image later.
   */
  zero(at: number, length: number): void
  /** Gives back the room of `[at, at + length)`, whole grains as in `zero`. What can't be given back without showing other bytes stays. */
  discard(at: number, length: number): void
  /**
   * Gives up all that the disk holds, so that it reads as the layer below does; what snapshots hold stays. Where the layer below holds the same,
   * on stable storage, the disk reads the same at every step. Absent where the format, or this image, can have no layer below.
   */
  empty?(job: Job): void
  flush(): void
}

export interface ResizeFacet {
  /**
   * Grows the disk to `size` guest bytes; what is new reads as zeros. A backing disk has bytes up to guest offset `hidden`: where that is
   * past the old end, they must not show. Setting space aside takes time and looks at `job`; stopped, the disk has its old size.
   */
  grow(size: number, preallocation: Preallocation, hidden: number, job: Job): void
  /** Throws what would make `grow` fail, before anything is written. */
  assertGrowable(size: number): void
  /** Throws what would make `shrink` fail, before anything is written. Present where `shrink` is. */
  assertShrinkable?(size: number): void
  /** Cuts the disk off at `size` guest bytes; what lay behind is gone, its room given back. Stopped, the disk has its old size. */
  shrink?(size: number, job: Job): void
}

export interface CheckFacet {
  check(job: Job): CheckReport
  /** Mends what `scope` allows, and reports what was found, what was mended and what is left. Present when opened for repair. */
  repair?(scope: RepairScope, job: Job): CheckReport
}

/** What a new snapshot is called. A missing id is chosen: one more than the highest. */
export interface SnapshotLabel {
  name: string
  id?: string
  dateSeconds: number
  dateNanoseconds: number
  vmStateSize?: number
  clockNanoseconds?: number
  icount?: number
}

/** Internal snapshots. A snapshot is named by id or name; throws `NOT_FOUND` where there is none. Changes need an image opened for writing. */
export interface SnapshotFacet {
  list(): SnapshotInfo[]
  /**
   * What the disk and each snapshot hold, alone and with others. Undefined where telling it would take more memory than it is worth, or, unless
   * `thorough`, more than about a second.
   */
  space(thorough: boolean, job: Job): SnapshotSpace | undefined
  /** The disk as it was, for reading only. Nothing may be written while it is open, and closing it closes the image. */
  open(idOrName: string): FormatDriver
  create(label: SnapshotLabel, job: Job): SnapshotInfo
  apply(idOrName: string, job: Job): void
  remove(idOrName: string, job: Job): void
  rename(idOrName: string, name: string): void
}

/** Persistent dirty bitmaps. Changes need an image opened for writing; each throws `NOT_FOUND` or `EXISTS` by name. */
export interface BitmapFacet {
  list(): BitmapInfo[]
  /** `granularity` in bytes, a power of two of 512 bytes to 2 GiB */
  add(name: string, granularity: number, enabled: boolean): void
  remove(name: string): void
  clear(name: string): void
  enable(name: string): void
  disable(name: string): void
  /** The guest ranges that a bitmap marks, in order, in bytes. */
  marked(name: string): Iterable<{ at: number; length: number }>
  /** Marks a guest range, as merging does. */
  mark(name: string, ranges: Iterable<{ at: number; length: number }>): void
}

/** Options of an image that can change after its creation. */
export interface AmendFacet {
  /** Throws what would make `amend`, or a change of the size, refuse, before anything is written. */
  assertAmendable(changes: AmendChanges): void
  /** Changes all but the size, which is for `resize`. Stopped, or after a power cut, the image is whole, with some of the changes done. */
  amend(changes: Omit<AmendChanges, 'size'>, job: Job): void
}

/** A LUKS key slot, as `list` of the key facet shows it. */
export interface KeySlot {
  index: number
  active: boolean
}

/** What a new passphrase costs to try: milliseconds that are measured, two seconds where absent; or a count of rounds, which is not. */
export interface KeyCost {
  iterTime?: number
  iterations?: number
}

/** The passphrases of an encrypted image, unlocked by one of them. Changes need an image opened for writing. */
export interface KeyFacet {
  list(): KeySlot[]
  /** Adds a passphrase; `slot` absent takes the first free one, and one in use is taken only with `force`. Answers with the slot. */
  add(passphrase: Uint8Array, options: KeyCost & { slot?: number; force?: boolean }): number
  /** Puts one passphrase in the place of another; answers with its slot. */
  change(from: Uint8Array, to: Uint8Array, cost: KeyCost): number
  /** Removes what a passphrase or a slot's number names. Throws for the last active slot unless `force`. */
  remove(which: { passphrase: Uint8Array } | { slot: number }, force: boolean): void
}

/** A guest range that takes room in the files of this layer, and whose room nobody shares. */
export interface HeldRun {
  at: number
  length: number
  /** bytes of zeros that can be given back within it: `at` is a multiple, and `length` too, or it reaches the disk's end */
  unit: number
  /** reads as zeros, as the map or a hole in the file says; what is not said has to be read */
  zero: boolean
}

/** Makes the files of an image smaller; its disk reads as before. Only for an image that is sound. */
export interface CompactFacet {
  /** whether zeros can be told from what lies below; where not, only what reads as zeros below too may be given back */
  readonly hides: boolean
  /** The first run at or after guest offset `at`; undefined where there is none. */
  next(at: number): HeldRun | undefined
  /** Bytes of the files that giving back a range would win. To be asked once for each range. */
  roomOf(at: number, length: number): number
  /** Bytes of the files that take room for nothing, before anything is given back. */
  spare(job: Job): number
  /** Present when opened for writing. */
  readonly giving?: {
    /** Gives back the room of a range within a run, whole units of it, that reads as zeros; answers with the bytes that were. */
    giveBack(at: number, length: number): number
    /** Returns when all that was given back is so for good. */
    flush(): void
    /** Gives back what takes room for nothing. */
    trim(job: Job): void
  }
}

/** One open image. Only `locate` is compulsory work; what only some formats can do is an optional facet. */
export interface FormatDriver {
  readonly format: FormatName
  /** guest bytes */
  readonly size: number
  /** bytes of the unit that is mapped as one; 1 for raw */
  readonly grain: number
  /** bytes of the unit that `writePacked` stores; absent where the format packs nothing */
  readonly packGrain?: number
  /** what packs the clusters of this image; absent where the format packs nothing */
  readonly codec?: Codec
  /** the lower layer as the image names it; never opened here */
  readonly backing?: { name: string; format?: string } | undefined
  /** Where the byte at `at` lives, and how far past it, at most `max` bytes, the same answer goes on. `at` lies inside `size`. */
  locate(at: number, max: number): Extent
  /**
   * Whether more room counts as used than the `allocated` bytes that the file system gave to the file: then holes of the file lie among what is
   * mapped as data. Absent where that is always to be expected.
   */
  isSparse?(allocated: number): boolean
  /** Reads bytes of a packed extent; `into` must not reach past the extent. */
  readPacked(at: number, into: Uint8Array): void
  /** present when the image was opened for writing */
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly check?: CheckFacet
  readonly snapshots?: SnapshotFacet
  readonly bitmaps?: BitmapFacet
  readonly amend?: AmendFacet
  readonly keys?: KeyFacet
  readonly compact?: CompactFacet
  /** Machine state saved past the end of the disk, as bytes from 0 on: it grows when it is written. */
  readonly vmState?: FormatDriver
  /** What the header says, without the facts of the file. */
  describe(): Pick<DiskInfo, 'format' | 'virtualSize' | 'clusterSize' | 'dirty' | 'encrypted' | 'snapshots'> & { qcow2?: Qcow2Details }
  /** Flushes what was written, and closes the storage. */
  close(): void
}

/** The parts of an image's structure that a writer can be kept off, one by one. */
export const OVERLAP_AREAS = [
  'main-header',
  'active-l1',
  'active-l2',
  'refcount-table',
  'refcount-block',
  'snapshot-table',
  'inactive-l1',
  'inactive-l2',
  'bitmap-directory',
] as const
export type OverlapArea = (typeof OVERLAP_AREAS)[number]

/** Why a cluster was given back: somebody asked, a snapshot went, or anything else. */
export type DiscardCause = 'request' | 'snapshot' | 'other'

export interface OpenParams {
  storage: Storage
  codecs: Codecs
  writable: boolean
  /** the file that holds the guest's bytes, where `Format.dataFile` named one */
  dataFile?: Storage
  crypto: CryptoProvider
  /** for encrypted images; the driver does not keep it, and the caller wipes it. Without it all but the guest's bytes can be worked on. */
  passphrase?: Uint8Array
  /** open for mending: a damaged image is not refused, and nothing but the check facet writes */
  repair?: boolean
  /** let reference counts go stale until the image is closed; absent means as the image says */
  lazyRefcounts?: boolean
  /** which structure every write is kept off; absent means all but `inactive-l2`, which costs reading every snapshot */
  overlapCheck?: ReadonlySet<OverlapArea>
  /** whose clusters become holes of the file when they are given back; absent means those of requests and snapshots */
  punch?: ReadonlySet<DiscardCause>
}

export interface CreateParams {
  storage: Storage
  codecs: Codecs
  /** guest bytes */
  size: number
  backing?: { name: string; format?: string }
  options: CreateOptions
  /** hears of setting space aside, which takes time; nobody, where absent */
  job?: Job
  crypto: CryptoProvider
  /** an empty file for the guest's bytes, where the options name one */
  dataFile?: Storage
  /** for encrypted images; not kept */
  passphrase?: Uint8Array
}

/** How long the file of a new image gets. Bytes. */
export interface Sizing {
  /** guest bytes that get room as one, and those whose room one table of the map tells; absent where the length does not depend on what is held */
  readonly maps?: { unit: number; reach: number }
  /** The length with room for so many units within so many reaches, exactly; `tail` bytes of the last unit are written. */
  fileSize(units: number, reaches: number, tail?: number): number
  /** the length once the guest has written everywhere */
  readonly full: number
  /** What QEMU foretells for so many guest bytes of data. */
  foretold(data: number): number
  /** the length of the file of guest bytes, where the image has one besides */
  readonly dataFile?: number
}

/** A disk format: how to recognise, open and make an image of it. */
export interface Format {
  readonly name: FormatName
  /** Whether the first bytes of a file, at most 1024, are of this format. Raw, which anything can be, answers false. */
  probe(head: Uint8Array): boolean
  /** The name of the file that holds the guest's bytes, where an image has such a file. Throws `CORRUPT` where it needs one and names none. */
  dataFile?(storage: Storage): string | undefined
  /** The codec of an image with these options; absent or undefined where nothing is packed. */
  codecName?(options: CreateOptions): CodecName | undefined
  /** Opens, checking sizes, offsets and features before anything is allocated; throws `BAD_MAGIC`, `CORRUPT` or `UNSUPPORTED`. */
  open(params: OpenParams): FormatDriver
  /** Throws `INVALID_ARGUMENT` or `UNSUPPORTED` for a size or options that `create` would refuse. */
  assertCreatable(size: number, options: CreateOptions, hasBacking: boolean): void
  /** Lays an empty image into an empty storage and opens it for writing. */
  create(params: CreateParams): FormatDriver
  /** Bytes of the file that holds `data` bytes of guest data in whole clusters, of a disk of `size` guest bytes. */
  fileSize(size: number, data: number, options: CreateOptions): number
  /** How long the file gets by what the disk of `size` guest bytes holds, as conversion makes it. */
  sizing(size: number, options: CreateOptions): Sizing
}
