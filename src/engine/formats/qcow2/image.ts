import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import type { Codec } from '../../codec/codec.ts'
import type { Storage } from '../../io/storage.ts'
import type { DiscardCause, Lease, OpenParams, Sealed } from '../driver.ts'
import { Allocator } from './allocator.ts'
import { codecNameOf, compressionTypeOf } from './compression.ts'
import { carries, type L2Entry, withData, withZeros } from './entry.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { type Header, shapeOf, writeFeatures } from './header.ts'
import { AUTOCLEAR, COMPATIBLE, INCOMPATIBLE } from './layout.ts'
import { type MappedRun, Mapping, NO_HOST } from './mapping.ts'
import { Metadata } from './metadata.ts'
import { PackedClusters } from './packed.ts'
import { Refcounts } from './refcounts.ts'
import { readSnapshots, type SnapshotTable } from './snapshots.ts'
import type { SectorNumbers } from './sector-numbers.ts'
import type { WriteTracker } from './write-tracker.ts'

/** Most bytes that one lease covers. */
const MAX_LEASE = 8 * 2 ** 20
/** Freed clusters that are remembered before a flush is forced. */
const MAX_FREES = 65536
const SECTOR = 512
const PUNCHED: ReadonlySet<DiscardCause> = new Set(['request', 'snapshot'])

/**
 * The parts of an open image, and what they do together: guest ranges become host ranges, and changes reach the file in the one order
 * that a crash cannot harm. What only some callers need (snapshots, bitmaps, resize, …) stands beside, as functions of an image.
 */
export class Image {
  readonly storage: Storage
  /** where guest bytes lie: the image itself, or its external data file */
  readonly data: Storage
  readonly codec: Codec
  readonly header: Header
  readonly geometry: Geometry
  readonly refcounts: Refcounts
  readonly metadata: Metadata
  readonly allocator: Allocator
  readonly mapping: Mapping
  readonly packed: PackedClusters
  snapshotTable: SnapshotTable
  /** how guest bytes are encrypted, where they are */
  readonly seal: SectorNumbers | undefined
  tracker: WriteTracker | undefined
  /** counts and bit 63 don't agree: a change between them failed, and the next opening has to mend it */
  stale = false
  /** goes up with every change of the map */
  generation = 0
  readonly #lazyCounts: boolean
  #touched = false
  #inDoubt = false

  constructor(params: OpenParams, header: Header, seal?: SectorNumbers) {
    const { storage, codecs, dataFile, overlapCheck, punch = PUNCHED, lazyRefcounts } = params
    this.storage = storage
    this.data = dataFile ?? storage
    this.codec = codecs[codecNameOf(compressionTypeOf(header))]
    this.header = header
    this.seal = seal
    const geometry = (this.geometry = geometryOf(shapeOf(header)))
    this.#lazyCounts = header.version === 3 && (lazyRefcounts ?? (header.compatible & COMPATIBLE.lazyRefcounts) !== 0n)
    this.snapshotTable = readSnapshots(storage, header)
    const refcounts = (this.refcounts = new Refcounts(storage, geometry, header))
    const metadata = (this.metadata = new Metadata(
      { storage, geometry, header, refcounts, snapshotTable: () => this.snapshotTable },
      overlapCheck,
    ))
    const allocator = (this.allocator = new Allocator(
      storage,
      geometry,
      header,
      refcounts,
      (at, length) => this.#assertApart(at, length),
      punch,
    ))
    this.mapping = new Mapping(storage, geometry, header, { allocator, metadata, settle: () => this.settle() })
    this.packed = new PackedClusters(storage, geometry, allocator, this.codec)
  }

  /** Whether reference counts may go stale while the image is open for writing. */
  get lazy(): boolean {
    return this.#lazyCounts && this.header.version === 3
  }

  /** Whether the external data file is to be a valid raw disk at all times. */
  get raw(): boolean {
    return this.geometry.external && (this.header.autoclear & AUTOCLEAR.rawDataFile) !== 0n
  }

  /** How bytes at guest offset `at`, host offset `host`, are encrypted. */
  sealedAt(at: number, host: number): Sealed | undefined {
    return this.seal && { cipher: this.seal.cipher, sector: Math.floor((this.seal.by === 'host' ? host : at) / SECTOR) }
  }

  /** Room for guest bytes from `at` on; see `Lease`. */
  reserve(at: number, length: number): Lease {
    this.touch()
    this.#mark(at, length)
    this.mapping.makeWritable(at)
    const { subclusterSize } = this.geometry
    const start = at - (at % subclusterSize)
    const end = Math.min(at + Math.min(length, MAX_LEASE), this.mapping.reachEnd(at))
    const run = this.mapping.run(start, end - start)
    if (this.geometry.external) return this.#reserveOutside(run, at, start, end)
    if (run.kind === 'data' && run.exclusive) return this.#inPlace(run, at, start, end)
    if (run.kind !== 'packed' && run.host !== NO_HOST && run.exclusive) {
      const room = alignUp(run.length, subclusterSize)
      this.#assertApart(run.host, room)
      return this.#lease(start, run.host, room, false)
    }
    return this.#reserveNew(at, end)
  }

  /** Tells of a change of the disk's bytes; what lies behind them is nobody's to mark. */
  #mark(at: number, length: number): void {
    if (at < this.header.size) this.tracker?.mark(at, Math.min(length, this.header.size - at))
  }

  /** Bytes that are written already and belong to this disk alone. */
  #inPlace(run: MappedRun, at: number, start: number, end: number): Lease {
    const from = this.seal ? at - (at % SECTOR) : at
    const until = Math.min(start + run.length, end)
    const length = (this.seal ? alignUp(until, SECTOR) : until) - from
    const host = run.host + (from - start)
    if (!this.geometry.external) this.#assertApart(host, length)
    return this.#leaseOf({ at: host, start: from, length }, () => {})
  }

  #reserveNew(at: number, end: number): Lease {
    const { clusterSize, subclusterSize } = this.geometry
    const first = at - (at % clusterSize)
    const room = this.allocator.allocateUpTo(Math.ceil(this.#renewable(first, end) / clusterSize))
    const roomEnd = first + room.count * clusterSize
    // What a cluster holds already must come along: then all of it is written.
    const start = carries(this.mapping.entry(first)) ? first : at - (at % subclusterSize)
    const stop = roomEnd <= end || carries(this.mapping.entry(roomEnd - clusterSize)) ? roomEnd : alignUp(end, subclusterSize)
    return this.#lease(start, room.at + (start - first), stop - start, true)
  }

  /** Guest bytes from `start`, on a cluster border, that need new clusters, at most up to `end`. */
  #renewable(start: number, end: number): number {
    let at = start
    while (at < end) {
      const run = this.mapping.run(at, end - at)
      if (run.exclusive && run.host !== NO_HOST) break
      at += run.length
    }
    return at - start
  }

  /** In a data file every guest byte has its place, which is its own offset (section "External data file"). */
  #reserveOutside(run: MappedRun, at: number, start: number, end: number): Lease {
    if (run.kind === 'packed' || (run.host !== NO_HOST && run.host !== start))
      throw new StrataError(
        'CORRUPT',
        'A cluster of an external data file does not lie at its own guest offset',
        { path: this.storage.path, offset: run.host, field: 'host cluster' },
        'Run Check on this image.',
      )
    if (run.kind === 'data' && run.exclusive) return this.#inPlace(run, at, start, end)
    // The file ends where the disk does, or where a growing disk will.
    const until = Math.min(alignUp(Math.min(start + run.length, end), this.geometry.subclusterSize), Math.max(this.header.size, end))
    return this.#lease(start, start, until - start, false)
  }

  /** A lease whose commit maps `[start, start + length)`, in whole subclusters, to host offset `host`. */
  #lease(start: number, host: number, length: number, renewed: boolean): Lease {
    const { clusterSize, subclusterSize } = this.geometry
    return this.#leaseOf({ at: host, start, length }, () => {
      const end = alignUp(start + length, subclusterSize)
      for (let at = start - (start % clusterSize); at < end; at += clusterSize) {
        const old = this.mapping.entry(at)
        if (renewed) this.release(old)
        const from = Math.max(start, at)
        this.mapping.set(at, withData(old, host + (at - start), from - at, Math.min(end, at + clusterSize) - at, this.geometry))
      }
      this.generation++
      this.#boundFrees()
    })
  }

  #leaseOf({ at, start, length }: { at: number; start: number; length: number }, commit: () => void): Lease {
    const sealed = this.sealedAt(start, at)
    return { storage: this.data, at, start, length, commit, ...(sealed && { sealed }) }
  }

  writePacked(at: number, packed: Uint8Array): void {
    this.touch()
    this.#mark(at, this.geometry.clusterSize)
    this.mapping.makeWritable(at)
    const host = this.packed.append(packed)
    this.release(this.mapping.entry(at))
    this.mapping.set(at, { is: 'packed', host, length: packed.length })
    this.generation++
    this.#boundFrees()
  }

  /** Makes `[at, at + length)`, whole subclusters or up to the disk's end, read as zeros, now and over any backing file. */
  zero(at: number, length: number): void {
    this.#clear(at, length, this.geometry.version === 2 ? 'bytes' : 'flags')
  }

  /**
   * Reads as zeros from then on: as `how` says, by zero flags, as version 2 must by bytes, or by what is left of the map where nothing lies below.
   */
  #clear(at: number, length: number, how: 'flags' | 'bytes' | 'leave'): void {
    this.touch()
    this.#mark(at, length)
    if (this.raw && !this.seal) return this.data.zeroAt(at, length)
    const { clusterSize } = this.geometry
    const end = at + length
    for (let pos = at; pos < end;) {
      const next = Math.min(end, pos - (pos % clusterSize) + clusterSize)
      if (how === 'leave' && !this.mapping.hasTable(pos)) pos = Math.min(end, this.mapping.reachEnd(pos))
      else {
        if (how === 'bytes' || (this.raw && this.seal)) this.#zeroAsData(pos, next)
        else this.#zeroAsMetadata(pos, next, how === 'leave')
        pos = next
      }
      this.#boundFrees()
    }
    this.generation++
  }

  /** Within one cluster. With `leave`, what is no part of the map stays so, and version 2 takes the cluster out of it. */
  #zeroAsMetadata(from: number, to: number, leave: boolean): void {
    const { clusterSize, subclusterSize, version } = this.geometry
    const start = from - (from % clusterSize)
    const end = alignUp(to, subclusterSize)
    if (leave && this.mapping.entry(start).is === 'hole') return
    this.mapping.makeWritable(from)
    const old = this.mapping.entry(start)
    if (from === start && (end - start === clusterSize || to === this.header.size)) {
      this.release(old, 'request')
      this.mapping.set(start, version === 2 ? { is: 'hole' } : { is: 'zero', host: undefined, exclusive: false })
    } else if (old.is === 'packed') this.#unpackWithZeros(old, start, from, to)
    else {
      const entry = withZeros(old, from - start, end - start, this.geometry)
      if (!carries(entry)) this.release(old, 'request')
      this.mapping.set(start, entry)
    }
  }

  /** Turns a packed cluster into a plain one of which `[from, to)` is zeros. */
  #unpackWithZeros({ host, length }: Extract<L2Entry, { is: 'packed' }>, start: number, from: number, to: number): void {
    const bytes = new Uint8Array(this.geometry.clusterSize)
    this.packed.read(host, length, bytes)
    bytes.fill(0, from - start, to - start)
    const lease = this.reserve(start, bytes.length)
    this.#fill(lease, bytes.subarray(0, lease.length))
    lease.commit()
  }

  /** Version 2 has no zero flag: only written zeros read as zeros over any backing file. */
  #zeroAsData(from: number, to: number): void {
    for (let at = from; at < to;) {
      const lease = this.reserve(at, to - at)
      if (lease.sealed) this.#fill(lease, new Uint8Array(lease.length))
      else lease.storage.zeroAt(lease.at, lease.length)
      lease.commit()
      at = lease.start + lease.length
    }
  }

  #fill(lease: Lease, bytes: Uint8Array): void {
    lease.sealed?.cipher.encrypt(lease.sealed.sector, bytes)
    lease.storage.writeAt(lease.at, bytes)
  }

  /**
   * Gives back the room of a guest range that is wanted no more; it reads as zeros, unless version 2 over a backing file, where it stays. What was
   * mapped gets zero flags where there are such; what was not, and has nothing below it, is left alone.
   */
  discard(at: number, length: number): void {
    const bare = this.header.backing === undefined
    if (this.geometry.version === 2 && !bare) return
    this.#clear(at, length, bare ? 'leave' : 'flags')
    if (this.geometry.external && !this.raw) this.data.zeroAt(at, length)
  }

  /** Gives back what an entry pointed at, once nothing on disk points there any more. */
  release(entry: L2Entry, cause?: DiscardCause): void {
    if (entry.is === 'packed') this.allocator.free(entry.host, entry.length, cause)
    else if (!this.geometry.external && entry.is !== 'hole' && entry.host !== undefined)
      this.allocator.free(entry.host, this.geometry.clusterSize, cause)
  }

  #boundFrees(): void {
    if (this.allocator.freeCount > MAX_FREES) this.flush()
  }

  /** Throws `CORRUPT` when `[at, at + length)` of the file is anything but room for guest bytes or new tables. */
  #assertApart(at: number, length: number): void {
    this.metadata.assertApart(at, length)
    if (this.metadata.areas.has('active-l2')) this.mapping.assertNoTable(at, length)
  }

  /**
   * Before the first write: what Strata does not keep up to date must not be trusted afterwards (section "Header", autoclear features), and
   * counts that may go stale are said to be.
   */
  touch(): void {
    this.assertCertain()
    if (this.#touched) return
    this.metadata.assertSound()
    this.#touched = true
    const kept = (this.tracker ? AUTOCLEAR.bitmaps : 0n) | (this.geometry.external ? AUTOCLEAR.rawDataFile : 0n)
    if ((this.header.autoclear & ~kept) !== 0n) {
      this.header.autoclear &= kept
      writeFeatures(this.storage, this.header)
      this.storage.flush()
    }
    if (this.lazy) this.setIncompatible('dirty', true)
  }

  /** Sets or clears an incompatible feature bit of a version 3 image, and returns when that is on stable storage. */
  setIncompatible(bit: 'dirty' | 'corrupt', on: boolean): void {
    const { header } = this
    const next = on ? header.incompatible | INCOMPATIBLE[bit] : header.incompatible & ~INCOMPATIBLE[bit]
    if (header.version === 2 || next === header.incompatible || this.#isInDoubt) return
    header.incompatible = next
    writeFeatures(this.storage, header)
    this.storage.flush()
  }

  get isDirty(): boolean {
    return (this.header.incompatible & INCOMPATIBLE.dirty) !== 0n
  }

  /** First step of every publication: the data and the counts of all that tables may soon point at are on stable storage. */
  settle(): void {
    this.packed.flush()
    if (this.geometry.external) this.data.flush()
    if (!this.lazy) this.refcounts.writeDirty()
    this.storage.flush()
  }

  /** Data and counts, then L2, then L1, and only then the counts that go down. A crash between any two leaks at the worst. */
  flush(): void {
    if (!this.#touched) return
    this.assertCertain()
    this.settle()
    if (this.mapping.hasDirtyTables) {
      this.mapping.writeTables()
      this.storage.flush()
    }
    if (this.mapping.hasDirtyL1) {
      this.mapping.writeL1()
      this.storage.flush()
    }
    if (this.allocator.freeCount > 0) {
      this.packed.leaveRoom()
      this.allocator.applyFrees()
      if (this.lazy) return
      this.refcounts.writeDirty()
      this.storage.flush()
    }
  }

  /**
   * Runs a change that publishes: a write that names what was written before. If it fails, nobody knows whether the file names the old or the
   * new, and whatever was written on top of a wrong guess could destroy it. So nothing more is written, as after a power cut.
   */
  alter<T>(change: () => T): T {
    try {
      return change()
    } catch (error) {
      this.#inDoubt = true
      throw error
    }
  }

  get #isInDoubt(): boolean {
    return this.#inDoubt || this.refcounts.inDoubt
  }

  /** Throws `IO` where an earlier change failed half-way, so that what the file says is not known here. */
  assertCertain(): void {
    if (this.#isInDoubt)
      throw new StrataError(
        'IO',
        'An earlier change of the image failed half-way, so nothing more is written to it',
        { path: this.storage.path },
        'Open the image again; what was flushed before is there.',
      )
  }

  /** Writes what is still to be written, and closes the files. */
  close(): void {
    try {
      if (!this.#isInDoubt) this.#finish()
    } finally {
      this.seal?.cipher.wipe()
      if (this.data !== this.storage) this.data.close()
      this.storage.close()
    }
  }

  #finish(): void {
    try {
      this.tracker?.settle()
    } finally {
      this.flush()
    }
    if (!this.#touched || !this.lazy) return
    this.refcounts.writeDirty()
    this.storage.flush()
    if (!this.stale) this.setIncompatible('dirty', false)
  }
}
