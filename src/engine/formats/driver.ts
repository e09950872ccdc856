import type { CheckReport, DiskInfo, FormatName, Preallocation, Qcow2Details, SnapshotInfo } from '../../shared/model.ts'
import type { Job } from '../base/job.ts'
import type { Codec } from '../codec/codec.ts'
import type { Storage } from '../io/storage.ts'
import type { CreateOptions } from './options.ts'

/** Where a guest range lives. `length` is in bytes and never more than was asked for. */
export type Extent =
  /** plain bytes at `at` in `storage` */
  | { kind: 'data'; length: number; storage: Storage; at: number }
  /** compressed: ask `readPacked` */
  | { kind: 'packed'; length: number }
  /** reads as zeros, whatever lies below; `allocated` where space is set aside for it */
  | { kind: 'zero'; length: number; allocated?: boolean }
  /** not in this layer: ask the backing disk */
  | { kind: 'below'; length: number }

/**
 * Room for a guest range. The caller fills `storage` from `at` with the bytes of `[start, start + length)`, all of them, and
 * then commits. A lease that is never committed leaks its room and damages nothing.
 */
export interface Lease {
  readonly storage: Storage
  readonly at: number
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
  /** Stores one packed cluster; `at` is a multiple of the cluster size. Absent where the format can't. */
  writePacked?(at: number, packed: Uint8Array): void
  /** Makes `[at, at + length)` read as zeros, as metadata where the format can: both are multiples of the grain, or reach the end. */
  zero(at: number, length: number): void
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
}

export interface CheckFacet {
  check(job: Job): CheckReport
}

export interface SnapshotFacet {
  list(): SnapshotInfo[]
}

/** One open image. Only `locate` is compulsory work; what only some formats can do is an optional facet. */
export interface FormatDriver {
  readonly format: FormatName
  /** guest bytes */
  readonly size: number
  /** bytes of the unit that is allocated and mapped as one; 1 for raw */
  readonly grain: number
  /** the lower layer as the image names it; never opened here */
  readonly backing?: { name: string; format?: string } | undefined
  /** Where the byte at `at` lives, and how far past it, at most `max` bytes, the same answer goes on. `at` lies inside `size`. */
  locate(at: number, max: number): Extent
  /** Reads bytes of a packed extent; `into` must not reach past the extent. */
  readPacked(at: number, into: Uint8Array): void
  /** present when the image was opened for writing */
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly check?: CheckFacet
  readonly snapshots?: SnapshotFacet
  /** What the header says, without the facts of the file. */
  describe(): Pick<DiskInfo, 'format' | 'virtualSize' | 'clusterSize' | 'dirty' | 'encrypted' | 'snapshots'> & { qcow2?: Qcow2Details }
  /** Flushes what was written, and closes the storage. */
  close(): void
}

export interface OpenParams {
  storage: Storage
  codec: Codec
  writable: boolean
}

export interface CreateParams {
  storage: Storage
  codec: Codec
  /** guest bytes */
  size: number
  backing?: { name: string; format?: string }
  options: CreateOptions
  /** hears of setting space aside, which takes time; nobody, where absent */
  job?: Job
}

/** A disk format: how to recognise, open and make an image of it. */
export interface Format {
  readonly name: FormatName
  /** Whether the first bytes of a file, at most 1024, are of this format. Raw, which anything can be, answers false. */
  probe(head: Uint8Array): boolean
  /** Opens, checking sizes, offsets and features before anything is allocated; throws `BAD_MAGIC`, `CORRUPT` or `UNSUPPORTED`. */
  open(params: OpenParams): FormatDriver
  /** Throws `INVALID_ARGUMENT` or `UNSUPPORTED` for a size or options that `create` would refuse. */
  assertCreatable(size: number, options: CreateOptions, hasBacking: boolean): void
  /** Lays an empty image into an empty storage and opens it for writing. */
  create(params: CreateParams): FormatDriver
  /** Bytes of the file that holds `data` bytes of guest data in whole clusters, of a disk of `size` guest bytes. */
  fileSize(size: number, data: number, options: CreateOptions): number
}
