import type { Preallocation } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { Job } from '../../base/job.ts'
import type { CheckFacet, DriverWriter, Extent, FormatDriver, Lease, OpenParams, ResizeFacet, SnapshotFacet } from '../driver.ts'
import { Allocator } from './allocator.ts'
import { checkImage } from './check.ts'
import type { L2Entry } from './entry.ts'
import { incompatibleName } from './extensions.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { type Header, readHeader, writeAutoclear } from './header.ts'
import { AUTOCLEAR, COMPATIBLE, INCOMPATIBLE } from './layout.ts'
import { Mapping } from './mapping.ts'
import { Metadata } from './metadata.ts'
import { PackedClusters } from './packed.ts'
import type { Parts } from './parts.ts'
import { Refcounts } from './refcounts.ts'
import { assertGrowable, grow } from './resize.ts'
import { readSnapshots, type SnapshotTable } from './snapshots.ts'

/** Most bytes that one lease covers. */
const MAX_LEASE = 8 * 2 ** 20
/** Freed clusters that are remembered before a flush is forced. */
const MAX_FREES = 65536

/** An open qcow2 image. */
export class Qcow2Driver implements FormatDriver {
  readonly format = 'qcow2'
  readonly grain: number
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly check: CheckFacet
  readonly snapshots: SnapshotFacet
  readonly #header: Header
  readonly #geometry: Geometry
  readonly #storage: OpenParams['storage']
  readonly #refcounts: Refcounts
  readonly #metadata: Metadata
  readonly #allocator: Allocator
  readonly #mapping: Mapping
  readonly #packed: PackedClusters
  readonly #snapshotTable: SnapshotTable
  /** the cluster unpacked last, and its guest offset */
  readonly #unpacked: { at: number; bytes: Uint8Array | undefined } = { at: -1, bytes: undefined }
  #touched = false

  constructor({ storage, codec, writable }: OpenParams) {
    this.#storage = storage
    const header = (this.#header = readHeader(storage))
    refuseUnknown(header, storage.path)
    if (writable) refuseWriting(header, storage.path)
    this.#snapshotTable = readSnapshots(storage, header)
    const geometry = (this.#geometry = geometryOf(header.version, header.clusterBits, header.refcountOrder))
    this.grain = geometry.clusterSize
    this.#refcounts = new Refcounts(storage, geometry, header)
    this.#metadata = new Metadata(storage, geometry, header, this.#refcounts, this.#snapshotTable)
    this.#allocator = new Allocator(storage, geometry, header, this.#refcounts, (at, length) => this.#assertApart(at, length))
    this.#mapping = new Mapping(storage, geometry, header, this.#allocator, this.#metadata, () => this.#settleRefcounts())
    this.#packed = new PackedClusters(storage, geometry, this.#allocator, codec)
    this.snapshots = { list: () => this.#snapshotTable.snapshots.map(({ l1Offset: _offset, l1Size: _size, ...info }) => info) }
    this.check = {
      check: (job: Job) => {
        this.#flush()
        return checkImage(
          { storage, header, geometry, refcounts: new Refcounts(storage, geometry, header), snapshots: this.#snapshotTable },
          job,
        )
      },
    }
    if (writable) {
      this.writer = {
        reserve: (at, length) => this.#reserve(at, length),
        writePacked: (at, packed) => this.#writePacked(at, packed),
        zero: (at, length) => this.#zero(at, length),
        flush: () => this.#flush(),
      }
      this.resize = {
        assertGrowable: (size) => assertGrowable(this.#parts(), size),
        grow: (size, preallocation, hidden, job) => this.#grow(size, preallocation, hidden, job),
      }
    }
  }

  get size(): number {
    return this.#header.size
  }

  get backing(): { name: string; format?: string } | undefined {
    return this.#header.backing
  }

  describe(): ReturnType<FormatDriver['describe']> {
    const header = this.#header
    const has = (bit: bigint): boolean => (header.incompatible & bit) !== 0n
    return {
      format: 'qcow2',
      virtualSize: header.size,
      clusterSize: this.#geometry.clusterSize,
      dirty: has(INCOMPATIBLE.dirty),
      encrypted: header.cryptMethod !== 0,
      snapshots: this.snapshots.list(),
      qcow2: {
        compat: header.version === 2 ? '0.10' : '1.1',
        compressionType: header.compressionType === 1 ? 'zstd' : 'zlib',
        lazyRefcounts: (header.compatible & COMPATIBLE.lazyRefcounts) !== 0n,
        refcountBits: this.#geometry.refcountBits,
        corrupt: has(INCOMPATIBLE.corrupt),
        dirty: has(INCOMPATIBLE.dirty),
        extendedL2: has(INCOMPATIBLE.extendedL2),
        fileLength: this.#storage.size,
      },
    }
  }

  locate(at: number, max: number): Extent {
    const run = this.#mapping.run(at, Math.min(max, this.size - at))
    switch (run.kind) {
      case 'hole':
        return { kind: 'below', length: run.length }
      case 'zero':
        return { kind: 'zero', length: run.length, allocated: run.host !== 0 }
      case 'packed':
        return { kind: 'packed', length: run.length }
      case 'data':
        return { kind: 'data', length: run.length, storage: this.#storage, at: run.host }
    }
  }

  readPacked(at: number, into: Uint8Array): void {
    const { clusterSize } = this.#geometry
    const start = at - (at % clusterSize)
    if (this.#unpacked.at !== start || !this.#unpacked.bytes) {
      const entry = this.#mapping.entry(at)
      if (entry.is !== 'packed')
        throw new StrataError('BUG', 'A cluster that is not packed was to be unpacked', { path: this.#storage.path })
      const whole = into.length === clusterSize
      const bytes = whole ? into : (this.#unpacked.bytes ??= new Uint8Array(clusterSize))
      this.#unpacked.at = -1
      this.#packed.read(entry.host, entry.length, bytes)
      if (whole) return
      this.#unpacked.at = start
    }
    into.set(this.#unpacked.bytes!.subarray(at - start, at - start + into.length))
  }

  #reserve(at: number, length: number): Lease {
    this.#beforeWrite()
    const { clusterSize } = this.#geometry
    const mapping = this.#mapping
    mapping.makeWritable(at)
    const start = at - (at % clusterSize)
    const end = Math.min(at + Math.min(length, MAX_LEASE), mapping.reachEnd(at))
    const run = mapping.run(start, end - start)
    if (run.kind === 'data' && run.exclusive) {
      const inPlace = Math.min(run.length, end - start) - (at - start)
      this.#assertApart(run.host + (at - start), inPlace)
      return { storage: this.#storage, at: run.host + (at - start), start: at, length: inPlace, commit() {} }
    }
    if (run.kind === 'zero' && run.host !== 0 && run.exclusive) {
      const clusters = Math.ceil(run.length / clusterSize)
      this.#assertApart(run.host, clusters * clusterSize)
      return this.#lease(start, { at: run.host, count: clusters }, false)
    }
    const wanted = Math.ceil(this.#renewable(start, end) / clusterSize)
    return this.#lease(start, this.#allocator.allocateUpTo(wanted), true)
  }

  /** Throws `CORRUPT` when `[at, at + length)` of the file is anything but room for guest bytes or new tables. */
  #assertApart(at: number, length: number): void {
    this.#metadata.assertApart(at, length)
    this.#mapping.assertNoTable(at, length)
  }

  /** Guest bytes from `start`, on a cluster border, that need new clusters, at most up to `end`. */
  #renewable(start: number, end: number): number {
    let at = start
    while (at < end) {
      const run = this.#mapping.run(at, end - at)
      if (run.exclusive && run.host !== 0) break
      at += run.length
    }
    return at - start
  }

  #lease(start: number, run: { at: number; count: number }, renewed: boolean): Lease {
    const { clusterSize } = this.#geometry
    return {
      storage: this.#storage,
      at: run.at,
      start,
      length: run.count * clusterSize,
      commit: () => {
        for (let i = 0; i < run.count; i++) {
          const at = start + i * clusterSize
          if (renewed) this.#release(this.#mapping.entry(at))
          this.#mapping.set(at, { is: 'data', host: run.at + i * clusterSize, exclusive: true })
        }
        this.#unpacked.at = -1
        this.#boundFrees()
      },
    }
  }

  #writePacked(at: number, packed: Uint8Array): void {
    this.#beforeWrite()
    this.#mapping.makeWritable(at)
    const host = this.#packed.append(packed)
    this.#release(this.#mapping.entry(at))
    this.#mapping.set(at, { is: 'packed', host, length: packed.length })
    this.#unpacked.at = -1
    this.#boundFrees()
  }

  #zero(at: number, length: number): void {
    this.#beforeWrite()
    const { clusterSize, version, l2Reach } = this.#geometry
    const holes = this.#header.backing === undefined
    for (let pos = at; pos < at + length; pos += clusterSize) {
      if (holes && !this.#mapping.hasTable(pos)) {
        pos = Math.min(at + length, (Math.floor(pos / l2Reach) + 1) * l2Reach) - clusterSize
        continue
      }
      if (!holes && version === 2) this.#zeroAsData(pos)
      else {
        this.#mapping.makeWritable(pos)
        this.#release(this.#mapping.entry(pos))
        this.#mapping.set(pos, holes ? { is: 'hole' } : { is: 'zero', host: undefined, exclusive: false })
      }
      this.#boundFrees()
    }
    this.#unpacked.at = -1
  }

  /** Version 2 has no zero flag: over a backing file only written zeros read as zeros. */
  #zeroAsData(at: number): void {
    const lease = this.#reserve(at, this.#geometry.clusterSize)
    lease.storage.zeroAt(lease.at, lease.length)
    lease.commit()
  }

  /** Gives back what an entry pointed at, once nothing on disk points there any more. */
  #release(entry: L2Entry): void {
    if (entry.is === 'packed') this.#allocator.free(entry.host, entry.length)
    else if (entry.is !== 'hole' && entry.host !== undefined) this.#allocator.free(entry.host, this.#geometry.clusterSize)
  }

  #boundFrees(): void {
    if (this.#allocator.freeCount > MAX_FREES) this.#flush()
  }

  #grow(size: number, preallocation: Preallocation, hidden: number, job: Job): void {
    this.#beforeWrite()
    grow(this.#parts(), size, preallocation, hidden, job)
  }

  #parts(): Parts {
    return {
      storage: this.#storage,
      header: this.#header,
      geometry: this.#geometry,
      allocator: this.#allocator,
      mapping: this.#mapping,
      reserve: (at, length) => this.#reserve(at, length),
      zero: (at, length) => this.#zero(at, length),
      flush: () => this.#flush(),
    }
  }

  /** What Strata does not keep up to date while writing must not be trusted afterwards (section "Header", autoclear features). */
  #beforeWrite(): void {
    if (this.#touched) return
    this.#metadata.assertSound()
    this.#touched = true
    if (this.#header.autoclear === 0n) return
    this.#header.autoclear = 0n
    writeAutoclear(this.#storage, this.#header)
    this.#storage.flush()
  }

  /** First step of every publication: the data and the counts of all that tables may soon point at are on stable storage. */
  #settleRefcounts(): void {
    this.#packed.flush()
    this.#refcounts.writeDirty()
    this.#storage.flush()
  }

  /** Data and counts, then L2, then L1, and only then the counts that go down. A crash between any two leaks at the worst. */
  #flush(): void {
    if (!this.#touched) return
    this.#settleRefcounts()
    if (this.#mapping.hasDirtyTables) {
      this.#mapping.writeTables()
      this.#storage.flush()
    }
    if (this.#mapping.hasDirtyL1) {
      this.#mapping.writeL1()
      this.#storage.flush()
    }
    if (this.#allocator.freeCount > 0) {
      this.#packed.leaveRoom()
      this.#allocator.applyFrees()
      this.#refcounts.writeDirty()
      this.#storage.flush()
    }
  }

  close(): void {
    try {
      this.#flush()
    } finally {
      this.#storage.close()
    }
  }
}

/** Refuses, by name, what this engine cannot read rightly. */
function refuseUnknown(header: Header, path: string): void {
  const refuse = (feature: string, offset: number, field: string): never => {
    throw new StrataError(
      'UNSUPPORTED',
      `This image uses "${feature}", which Strata does not have yet`,
      { path, offset, field },
      'Convert it with qemu-img first.',
    )
  }
  const readable = INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt
  for (let bit = 0; bit < 64; bit++)
    if (header.incompatible & ~readable & (1n << BigInt(bit))) refuse(incompatibleName(header.extensions, bit), 72, 'incompatible_features')
  if (header.compressionType !== 0) refuse(`compression type ${header.compressionType}`, 104, 'compression_type')
  if (header.cryptMethod === 1) refuse('AES encryption', 32, 'crypt_method')
  if (header.cryptMethod === 2) refuse('LUKS encryption', 32, 'crypt_method')
  if (header.cryptMethod > 2) refuse(`encryption method ${header.cryptMethod}`, 32, 'crypt_method')
}

function refuseWriting(header: Header, path: string): void {
  const where = { path, offset: 72, field: 'incompatible_features' }
  if (header.incompatible & INCOMPATIBLE.corrupt)
    throw new StrataError(
      'READ_ONLY',
      'This image is marked as damaged and may not be written',
      where,
      'Run Check; repair it before you change it.',
    )
  if (header.incompatible & INCOMPATIBLE.dirty)
    throw new StrataError(
      'READ_ONLY',
      'This image was not closed cleanly, and its reference counts may be stale',
      where,
      'Start the virtual machine once and shut it down, or run "qemu-img check -r all" on it.',
    )
  if (header.autoclear & AUTOCLEAR.rawDataFile) throw new StrataError('UNSUPPORTED', 'This image claims a raw external data file', where)
}
