import { type CheckReport, type Finding, FINDINGS_KEPT, type FindingKind } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { bitmapClusters } from './bitmaps.ts'
import { decodeL2, hostOf, isExclusive, l1Fault, l2Fault } from './entry.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import { AUTOCLEAR } from './layout.ts'
import { ReferenceTally } from './reference-tally.ts'
import type { Refcounts } from './refcounts.ts'
import type { SnapshotTable } from './snapshots.ts'

/** Clusters that are counted in one refcount block and tallied in one chunk: where both are absent, all of them are neither counted nor used. */
const STRETCH = 64

/** What a check looks at. */
export interface Checked {
  storage: Storage
  header: Header
  geometry: Geometry
  refcounts: Refcounts
  snapshots: SnapshotTable
}

/** Walks every structure of the image, counts the references, and compares them with the stored counts. Changes nothing. */
export function checkImage(image: Checked, job: Job): CheckReport {
  return new ImageCheck(image, job).run()
}

class ImageCheck {
  readonly #image: Checked
  readonly #job: Job
  readonly #tally = new ReferenceTally()
  readonly #report: CheckReport
  /** L1 entries walked, and to walk */
  #walked = 0
  readonly #toWalk: number

  constructor(image: Checked, job: Job) {
    this.#image = image
    this.#job = job
    const { header, geometry, storage, snapshots } = image
    this.#toWalk = snapshots.snapshots.reduce((sum, { l1Size }) => sum + l1Size, header.l1Size)
    this.#report = {
      path: storage.path,
      format: 'qcow2',
      corruptions: 0,
      leaks: 0,
      checkErrors: 0,
      findings: [],
      totalClusters: ceilDiv(header.size, geometry.clusterSize),
      allocatedClusters: 0,
      fragmentedClusters: 0,
      compressedClusters: 0,
      imageEndOffset: 0,
      clusterSize: geometry.clusterSize,
    }
  }

  run(): CheckReport {
    const { header, geometry, snapshots } = this.#image
    this.#refer(0, geometry.clusterSize)
    this.#walkL1(header.l1Offset, header.l1Size, true)
    for (const { l1Offset, l1Size } of snapshots.snapshots) this.#walkL1(l1Offset, l1Size, false)
    if (snapshots.bytes > 0) this.#refer(header.snapshotsOffset, snapshots.bytes)
    this.#walkBitmaps()
    this.#walkRefcounts()
    this.#compare()
    return this.#report
  }

  #find(kind: FindingKind, message: string, offset?: number): void {
    const report = this.#report
    if (kind === 'leak') report.leaks++
    else if (kind === 'corruption') report.corruptions++
    else report.checkErrors++
    if (report.findings.length >= FINDINGS_KEPT) return
    const finding: Finding = { kind, message }
    if (offset !== undefined) finding.offset = offset
    report.findings.push(finding)
  }

  /** Counts a reference to every cluster that `[at, at + length)` touches. */
  #refer(at: number, length: number): boolean {
    const { geometry, storage } = this.#image
    // The file may end inside its last cluster, and no earlier.
    if (at + length - storage.size >= geometry.clusterSize) {
      this.#find('corruption', `ERROR: a reference to ${length} bytes at 0x${at.toString(16)} reaches past the end of the file`, at)
      return false
    }
    const end = ceilDiv(at + length, geometry.clusterSize)
    for (let cluster = Math.floor(at / geometry.clusterSize); cluster < end; cluster++) this.#tally.add(cluster)
    return true
  }

  #walkL1(l1Offset: number, l1Size: number, active: boolean): void {
    const { geometry } = this.#image
    if (l1Size === 0) return
    if (l1Offset % geometry.clusterSize !== 0) return this.#find('corruption', 'ERROR: an L1 table is not on a cluster boundary', l1Offset)
    if (!this.#refer(l1Offset, l1Size * 8)) return
    const l1 = viewOf(this.#read(l1Offset, l1Size * 8))
    for (let i = 0; i < l1Size; i++) {
      if (i % 64 === 0) this.#step(64, l1Size - i)
      const high = l1.getUint32(i * 8)
      const low = l1.getUint32(i * 8 + 4)
      if ((high | low) === 0) continue
      const fault = l1Fault(high, low, geometry)
      if (fault !== undefined) this.#find('corruption', `ERROR: L1 entry ${i}: ${fault}`, l1Offset + i * 8)
      const host = hostOf(high, low)
      if (host === 0 || host % geometry.clusterSize !== 0 || !this.#refer(host, geometry.clusterSize)) continue
      if (active) this.#checkExclusive(`L2 table ${i}`, host, isExclusive(high), l1Offset + i * 8)
      this.#walkL2(host, active)
    }
  }

  #walkL2(table: number, active: boolean): void {
    const { geometry } = this.#image
    const l2 = viewOf(this.#read(table, geometry.clusterSize))
    const report = this.#report
    let expected = 0
    for (let i = 0; i < geometry.l2Entries; i++) {
      const high = l2.getUint32(i * 8)
      const low = l2.getUint32(i * 8 + 4)
      if ((high | low) === 0) continue
      const place = table + i * 8
      const fault = l2Fault(high, low, geometry)
      if (fault !== undefined) this.#find('corruption', `ERROR: L2 entry ${i}: ${fault}`, place)
      const entry = decodeL2(high, low, geometry)
      if (entry.is === 'packed') {
        // Readers may fetch whole sectors, so whole sectors are what the entry refers to.
        const start = entry.host - (entry.host % 512)
        this.#refer(start, entry.host + entry.length - start)
        if (!active) continue
        report.allocatedClusters++
        report.compressedClusters++
        report.fragmentedClusters++
      } else if (entry.is !== 'hole' && entry.host !== undefined) {
        if (entry.host % geometry.clusterSize !== 0) continue
        this.#refer(entry.host, geometry.clusterSize)
        if (!active) continue
        this.#checkExclusive(`data cluster at 0x${entry.host.toString(16)}`, entry.host, entry.exclusive, place)
        report.allocatedClusters++
        if (expected !== 0 && entry.host !== expected) report.fragmentedClusters++
        expected = entry.host + geometry.clusterSize
      }
    }
  }

  /** Bit 63 says that the count is exactly one; where it lies, data of a snapshot could be overwritten. */
  #checkExclusive(what: string, host: number, exclusive: boolean, place: number): void {
    const count = this.#stored(Math.floor(host / this.#image.geometry.clusterSize))
    if (count === undefined || exclusive === (count === 1)) return
    this.#find(
      'corruption',
      `ERROR OFLAG_COPIED ${what}: refcount=${count}, but the flag says ${exclusive ? 'exclusive' : 'shared'}`,
      place,
    )
  }

  #walkBitmaps(): void {
    const { header, storage } = this.#image
    if ((header.autoclear & AUTOCLEAR.bitmaps) === 0n) return
    try {
      for (const { at, length } of bitmapClusters(storage, header)) {
        this.#job.checkpoint()
        this.#refer(at, length)
      }
    } catch (error) {
      if (!(error instanceof StrataError) || error.code !== 'CORRUPT') throw error
      this.#find('corruption', `ERROR: bitmaps: ${error.message}`, error.where.offset)
    }
  }

  #walkRefcounts(): void {
    const { header, geometry, refcounts, storage } = this.#image
    this.#refer(header.refcountTableOffset, header.refcountTableClusters * geometry.clusterSize)
    refcounts.table.forEach((at, i) => {
      if (at === 0) return
      const entryAt = header.refcountTableOffset + i * 8
      if (at % geometry.clusterSize !== 0) this.#find('corruption', `ERROR refcount block ${i} is not on a cluster boundary`, entryAt)
      else if (at >= storage.size) this.#find('corruption', `ERROR refcount block ${i} is outside the image`, entryAt)
      else {
        this.#refer(at, geometry.clusterSize)
        const references = this.#tally.get(at / geometry.clusterSize)
        if (references !== 1) this.#find('corruption', `ERROR refcount block ${i} is referred to ${references} times`, entryAt)
      }
    })
  }

  #compare(): void {
    const { geometry, storage, refcounts } = this.#image
    const end = Math.max(ceilDiv(storage.size, geometry.clusterSize), this.#tally.end)
    for (let cluster = 0; cluster < end; cluster++) {
      if (cluster % 65536 === 0) {
        this.#job.checkpoint()
        this.#job.report({ phase: 'Comparing reference counts', done: cluster, total: end })
      }
      if (cluster % STRETCH === 0 && !this.#tally.holds(cluster) && !refcounts.has(cluster)) {
        cluster += STRETCH - 1
        continue
      }
      const stored = this.#stored(cluster)
      if (stored === undefined) continue
      const found = this.#tally.get(cluster)
      if (stored > 0 || found > 0) this.#report.imageEndOffset = (cluster + 1) * geometry.clusterSize
      if (stored === found) continue
      const counts = `cluster ${cluster} refcount=${stored} reference=${found}`
      if (stored > found) this.#find('leak', `Leaked ${counts}`, cluster * geometry.clusterSize)
      else this.#find('corruption', `ERROR ${counts}`, cluster * geometry.clusterSize)
    }
    this.#job.report({ phase: 'Comparing reference counts', done: end, total: end })
  }

  /** The stored count; undefined, and noted once for its block, where the block cannot be read. */
  #stored(cluster: number): number | undefined {
    const { refcounts } = this.#image
    const block = refcounts.table[refcounts.blockIndex(cluster)] ?? 0
    if (block !== 0 && (block % this.#image.geometry.clusterSize !== 0 || block >= this.#image.storage.size)) return 0
    try {
      return refcounts.get(cluster)
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      this.#find(
        'error',
        `ERROR: can't get the refcount of cluster ${cluster}: ${error.message}`,
        cluster * this.#image.geometry.clusterSize,
      )
      return undefined
    }
  }

  #step(count: number, left: number): void {
    this.#job.checkpoint()
    this.#walked += Math.min(count, left)
    this.#job.report({ phase: 'Checking', done: this.#walked, total: this.#toWalk })
  }

  #read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    readPadded(this.#image.storage, at, bytes)
    return bytes
  }
}
