import { ceilDiv } from '../../base/ints.ts'
import { viewOf } from '../../base/bytes.ts'
import type { Job } from '../../base/job.ts'
import { readPadded } from '../../io/storage.ts'
import { type BitmapVisitor, walkBitmaps } from './bitmap-survey.ts'
import { entryFault, isPacked, packedPlace, usualEntry } from './entry-faults.ts'
import { hostOf, isExclusive, l1Fault } from './entry.ts'
import { type Examined, read } from './examined.ts'
import { type Findings, hex } from './findings.ts'
import { AUTOCLEAR, EXTENSION, LIMITS } from './layout.ts'
import { MARK, type Mark, ReferenceTally } from './reference-tally.ts'
import type { StoredCounts } from './stored-counts.ts'

/** How a LUKS header begins: "LUKS" and two bytes. */
const LUKS_MAGIC = [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]

/** An L1 table to walk. The active one is that of the disk as it is now. */
export interface L1Root {
  name: string
  at: number
  /** entries */
  size: number
  active: boolean
}

/** What a walk over every structure of an image brings to light. */
export interface Survey {
  tally: ReferenceTally
  allocatedClusters: number
  fragmentedClusters: number
  compressedClusters: number
  /** entries of the refcount table that make no sense: with any, the counts can't be mended in place */
  brokenBlocks: number
  /** L2 tables with an impossible entry, by host offset: how often an L1 entry names each, and the guest offset of its first cluster */
  faultyTables: Map<number, { times: number; guest: number }>
  /** an L1 table or an entry of one is impossible */
  faultyL1: boolean
  /** the snapshot table must be written anew */
  faultySnapshots: boolean
  /** the bitmap directory or a bitmap's table makes no sense */
  faultyDirectory: boolean
  /** host offsets of impossible bitmap table entries */
  faultyBitmapEntries: number[]
  /** where the clusters end that plain entries place past the end of the file, in bytes; 0 for none */
  danglingEnd: number
  /** whether one does that farther out than any image of this size reaches; `danglingEnd` leaves that out */
  farOut: boolean
}

/** The L1 tables of an image that can be walked: the active one, and those of the snapshots. */
export function rootsOf({ header, geometry, snapshots }: Examined): L1Root[] {
  const roots: L1Root[] = [{ name: 'the disk', at: header.l1Offset, size: header.l1Size, active: true }]
  if (geometry.external) return roots
  for (const row of snapshots.rows)
    if (rowFault(row.l1Offset, row.l1Size, geometry.clusterSize) === undefined)
      roots.push({ name: `snapshot ${row.label}`, at: row.l1Offset, size: row.l1Size, active: false })
  return roots
}

/** Why a snapshot's L1 table can't be walked, or undefined. */
export function rowFault(l1Offset: number, l1Size: number, clusterSize: number): string | undefined {
  if (!Number.isSafeInteger(l1Offset) || l1Offset % clusterSize !== 0) return 'its L1 table is not on a cluster boundary'
  return l1Size * 8 > LIMITS.l1Bytes ? 'its L1 table is larger than 32 MiB' : undefined
}

/** Walks every structure of the image and counts what refers to each host cluster. Changes nothing. */
export function survey(image: Examined, counts: StoredCounts, findings: Findings, job: Job): Survey {
  return new Surveyor(image, counts, findings, job).run()
}

class Surveyor {
  readonly #image: Examined
  readonly #counts: StoredCounts
  readonly #findings: Findings
  readonly #job: Job
  readonly #tally = new ReferenceTally()
  readonly #l2: Uint8Array
  readonly #view: DataView
  readonly #result: Survey
  /** host offset that no image of this size reaches */
  readonly #sane: number
  /** the current L2 table has an impossible entry */
  #faulty = false
  #walked = 0
  #toWalk = 0

  constructor(image: Examined, counts: StoredCounts, findings: Findings, job: Job) {
    this.#image = image
    this.#counts = counts
    this.#findings = findings
    this.#job = job
    this.#sane = 2 * (image.storage.size + image.header.size)
    this.#l2 = new Uint8Array(image.geometry.clusterSize)
    this.#view = viewOf(this.#l2)
    this.#result = {
      tally: this.#tally,
      ...{ allocatedClusters: 0, fragmentedClusters: 0, compressedClusters: 0 },
      ...{ brokenBlocks: 0, faultyTables: new Map(), faultyL1: false, faultySnapshots: false },
      ...{ faultyDirectory: false, faultyBitmapEntries: [], danglingEnd: 0, farOut: false },
    }
  }

  run(): Survey {
    const { header, geometry, snapshots } = this.#image
    const roots = rootsOf(this.#image)
    this.#toWalk = roots.reduce((sum, { size }) => sum + size, 0)
    this.#refer(0, geometry.clusterSize)
    if (!geometry.external && (header.autoclear & AUTOCLEAR.rawDataFile) !== 0n)
      this.#corrupt('the data file is said to be raw, but there is none', 88)
    for (const root of roots) this.#walkL1(root)
    this.#checkSnapshots()
    if (!geometry.external && !this.#refer(header.snapshotsOffset, snapshots.bytes)) this.#result.faultySnapshots = true
    // Without a table every count is zero, which the comparison tells.
    this.#refer(header.refcountTableOffset, header.refcountTableClusters * geometry.clusterSize)
    this.#checkEncryption()
    this.#walkBitmaps()
    this.#walkBlocks()
    return this.#result
  }

  #corrupt(message: string, at: number, guest?: number): void {
    this.#findings.add('corruption', `ERROR ${message}`, at, guest)
  }

  /**
   * Counts a reference to every cluster that `[at, at + length)` touches; the mark goes to the first. False where that lies outside the file.
   * `guest` is the place on the disk that the reference is for, if it is for one.
   */
  #refer(at: number, length: number, mark: Mark = MARK.none, guest?: number): boolean {
    if (length <= 0) return true
    const { geometry, storage } = this.#image
    // The file may end inside its last cluster, and no earlier.
    if (at + length - storage.size >= geometry.clusterSize) {
      this.#corrupt(`a reference to ${length} bytes at ${hex(at)} reaches past the end of the file`, at, guest)
      return false
    }
    const end = ceilDiv(at + length, geometry.clusterSize)
    const first = Math.floor(at / geometry.clusterSize)
    for (let cluster = first; cluster < end; cluster++) this.#tally.add(cluster, cluster === first ? mark : MARK.none)
    return true
  }

  #checkSnapshots(): void {
    const { snapshots, geometry, header } = this.#image
    if (geometry.external) {
      if (header.snapshotCount === 0) return
      this.#result.faultySnapshots = true
      return this.#corrupt('there are snapshots, which an image with a data file cannot have', 60)
    }
    const faults = snapshots.rows.flatMap(({ label, l1Offset, l1Size, at }) => {
      const fault = rowFault(l1Offset, l1Size, geometry.clusterSize)
      return fault === undefined ? [] : [{ message: `snapshot ${label}: ${fault}`, offset: at }]
    })
    for (const { message, offset } of [...snapshots.faults, ...faults]) {
      this.#result.faultySnapshots = true
      this.#corrupt(message, offset)
    }
  }

  #walkL1({ name, at, size, active }: L1Root): void {
    if (size === 0) return
    if (!this.#refer(at, size * 8)) this.#result.faultyL1 = true
    const { geometry, storage } = this.#image
    const l1 = read(storage, at, size * 8)
    for (let i = 0; i < size; i++) {
      if (i % 64 === 0) this.#step(Math.min(64, size - i))
      const high = l1.getUint32(i * 8)
      const low = l1.getUint32(i * 8 + 4)
      if ((high | low) === 0) continue
      const host = hostOf(high, low)
      const fault = l1Fault(high, low, geometry) ?? (host === 0 ? 'there is no L2 table, but flags are set' : undefined)
      const guest = i * geometry.l2Reach
      const here = active ? guest : undefined
      if (fault !== undefined) this.#corrupt(`L1 entry ${i} of ${name}: ${fault}`, at + i * 8, here)
      if (fault !== undefined || host >= storage.size) this.#result.faultyL1 = true
      const mark = active ? (isExclusive(high) ? MARK.exclusive : MARK.shared) : MARK.none
      if (!this.#refer(host, geometry.clusterSize, mark, here)) continue
      this.#walkL2(host, active, guest)
      // A table that lies across clusters is not worth mending: its L1 entry goes.
      if (this.#faulty && host > 0 && host % geometry.clusterSize === 0) this.#noteFaulty(host, guest)
    }
  }

  #noteFaulty(table: number, guest: number): void {
    const known = this.#result.faultyTables.get(table)
    if (known) known.times++
    else this.#result.faultyTables.set(table, { times: 1, guest })
  }

  /** The loop that a check spends its time in: entries of the usual kind are counted here, all others in `#odd`. */
  #walkL2(table: number, active: boolean, guest: number): void {
    const { geometry, storage, clusters } = this.#image
    const { clusterSize, l2EntryBytes, extendedL2, external, version } = geometry
    const view = this.#view
    const tally = this.#tally
    const usual = usualEntry(geometry)
    this.#faulty = false
    readPadded(storage, table, this.#l2)
    const plainZero = version === 3 && !extendedL2
    let expected = 0
    let allocated = 0
    let fragmented = 0
    for (let at = 0; at < clusterSize; at += l2EntryBytes) {
      const high = view.getUint32(at) | 0
      const low = view.getUint32(at + 4) | 0
      const masks = extendedL2 ? view.getUint32(at + 8) | view.getUint32(at + 12) : 0
      if ((high | low | masks) === 0) continue
      if (high === 0 && low === 1 && plainZero) continue
      const cluster = ((high << usual.highShift) | (low >>> usual.lowShift)) & 0x7fffffff
      const odd =
        (high & usual.highZero) !== 0 ||
        (low & usual.lowZero) !== 0 ||
        cluster === 0 ||
        cluster >= clusters ||
        external ||
        (extendedL2 && (view.getUint32(at + 8) & view.getUint32(at + 12)) !== 0)
      if (odd) expected = this.#odd(at, table, active, guest + (at / l2EntryBytes) * clusterSize, expected)
      else if (!active) tally.add(cluster)
      else {
        tally.add(cluster, high < 0 ? MARK.exclusive : MARK.shared)
        allocated++
        if (cluster !== expected && expected !== 0) fragmented++
        expected = cluster + 1
      }
    }
    this.#result.allocatedClusters += allocated
    this.#result.fragmentedClusters += fragmented
  }

  /** One entry that is not simply a cluster of data. Answers with the cluster that would go on without a break. */
  #odd(at: number, table: number, active: boolean, guest: number, expected: number): number {
    const { geometry } = this.#image
    const view = this.#view
    const result = this.#result
    const high = view.getUint32(at)
    const low = view.getUint32(at + 4)
    const zeros = geometry.extendedL2 ? view.getUint32(at + 8) : 0
    const allocated = geometry.extendedL2 ? view.getUint32(at + 12) : 0
    const place = table + at
    const here = active ? guest : undefined
    const fault = entryFault(high, low, geometry, zeros, allocated, guest)
    if (fault !== undefined) {
      this.#faulty = true
      this.#corrupt(`L2 entry ${at / geometry.l2EntryBytes} of the table at ${hex(table)}: ${fault}`, place, here)
    }
    if (isPacked(high)) {
      // With a data file, or with subclusters, it refers to nothing that could be told.
      if (geometry.external || (zeros | allocated) !== 0) return expected
      const { host, length } = packedPlace(high, low, geometry)
      if (!this.#refer(host, length, MARK.none, here)) this.#faulty = true
      if (!active) return expected
      result.allocatedClusters++
      result.compressedClusters++
      result.fragmentedClusters++
      return expected
    }
    const host = hostOf(high, low)
    if (host === 0 && !(geometry.external && isExclusive(high))) return expected
    const cluster = Math.floor(host / geometry.clusterSize)
    if (!geometry.external) {
      const mark = active ? (isExclusive(high) ? MARK.exclusive : MARK.shared) : MARK.none
      if (!this.#refer(host, geometry.clusterSize, mark, here)) {
        this.#faulty = true
        if (host >= this.#sane) result.farOut = true
        else result.danglingEnd = Math.max(result.danglingEnd, host + geometry.clusterSize)
        return expected
      }
    }
    if (!active) return expected
    result.allocatedClusters++
    if (expected !== 0 && cluster !== expected) result.fragmentedClusters++
    return cluster + 1
  }

  #checkEncryption(): void {
    const { header, geometry, storage } = this.#image
    const data = header.extensions.find(({ type }) => type === EXTENSION.luks)?.data
    if (header.cryptMethod !== 2) {
      if (data) this.#corrupt('there is an encryption header, but the image is not encrypted with LUKS', 32)
      return
    }
    if (data?.length !== 16) return this.#corrupt('the image is encrypted with LUKS, but has no encryption header', 32)
    const view = viewOf(data)
    const at = view.getUint32(0) * 2 ** 32 + view.getUint32(4)
    if (at % geometry.clusterSize !== 0) this.#corrupt('the encryption header is not on a cluster boundary', at)
    const length = view.getUint32(8) * 2 ** 32 + view.getUint32(12)
    if (!this.#refer(at, length)) return
    const magic = read(storage, at, LUKS_MAGIC.length)
    if (length === 0 || LUKS_MAGIC.some((byte, i) => magic.getUint8(i) !== byte))
      this.#corrupt('there is no LUKS header where it should be', at)
  }

  #walkBitmaps(): void {
    const visitor: BitmapVisitor = {
      part: (at, length) => this.#refer(at, length),
      brokenDirectory: (at, message) => {
        this.#result.faultyDirectory = true
        if (message !== undefined) this.#corrupt(message, at)
      },
      brokenEntry: (at, message) => {
        this.#result.faultyBitmapEntries.push(at)
        if (message !== undefined) this.#corrupt(message, at)
      },
    }
    walkBitmaps(this.#image, visitor, this.#job)
  }

  #walkBlocks(): void {
    const { header, geometry } = this.#image
    for (let i = 0; i < this.#counts.blocks; i++) {
      const block = this.#counts.block(i)
      if (block.is === 'absent') continue
      const entryAt = header.refcountTableOffset + i * 8
      if (block.is === 'impossible') this.#corrupt(`refcount table entry ${i} ${block.why}`, entryAt)
      else if (block.is === 'outside') this.#corrupt(`refcount block ${i} is outside the image`, entryAt)
      else {
        this.#refer(block.at, geometry.clusterSize)
        const references = this.#tally.get(block.at / geometry.clusterSize)
        if (references === 1) continue
        this.#corrupt(`refcount block ${i} is referred to ${references} times`, entryAt)
      }
      this.#result.brokenBlocks++
    }
  }

  #step(count: number): void {
    this.#job.checkpoint()
    this.#walked += count
    this.#job.report({ phase: 'Checking', done: this.#walked, total: this.#toWalk })
  }
}
