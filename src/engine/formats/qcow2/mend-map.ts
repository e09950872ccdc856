import type { Job } from '../../base/job.ts'
import type { Appender } from './appender.ts'
import { hostOf, putL1 } from './entry.ts'
import { mendedL1, mendedL2 } from './entry-mend.ts'
import { type Examined, read } from './examined.ts'
import { type Findings, hex } from './findings.ts'
import { writeSizeFields } from './header.ts'
import { type L1Root, rootsOf, type Survey } from './survey.ts'

/** A table as it shall be, and where in the file an entry of it changes. */
interface Mended {
  now: DataView
  changed: number[]
}

/**
 * Mends the L1 and L2 tables of the disk and its snapshots. Most of it can be done where they lie, by `inPlace`, which takes nothing but
 * pointers away. A table that lies over other structure must not be written to: a copy takes its place. `plan` lays the copies down and
 * tells the tally, so that they can be counted; `apply` then lets the image point at them.
 */
export class MapMender {
  readonly #image: Examined
  readonly #survey: Survey
  readonly #mends: Findings
  /** copies of L2 tables, by the place of the table */
  readonly #copies = new Map<number, number>()
  /** new places of L1 tables */
  readonly #moves = new Map<L1Root, number>()
  readonly #roots: L1Root[]
  readonly #zeros: number | undefined

  /** `zeros` is the host offset of a cluster of zeros, where the map needs one. */
  constructor(image: Examined, survey: Survey, mends: Findings, zeros?: number) {
    this.#zeros = zeros
    this.#image = image
    this.#survey = survey
    this.#mends = mends
    this.#roots = rootsOf(image)
  }

  /** Answers whether anything changed. */
  inPlace(job: Job): boolean {
    const { storage } = this.#image
    let changed = 0
    for (const [table, { times, guest }] of this.#survey.faultyTables) {
      job.checkpoint()
      if (this.#users(table, 1) !== times) continue
      const mended = this.#mendedTable(table, guest)
      this.#tellL2(mended)
      changed += this.#write(table, mended)
    }
    for (const root of this.#survey.faultyL1 ? this.#roots : []) {
      job.checkpoint()
      if (this.#isOutside(root) || !this.#standsAlone(root)) continue
      const mended = this.#mendedL1(root)
      this.#tellL1(root, mended)
      changed += this.#write(root.at, mended)
    }
    if (changed > 0) storage.flush()
    return changed > 0
  }

  plan(room: Appender, job: Job): void {
    for (const [table, { times, guest }] of this.#survey.faultyTables) {
      job.checkpoint()
      const { now } = this.#mendedTable(table, guest)
      this.#copies.set(table, room.lay(new Uint8Array(now.buffer), times))
    }
    if (!this.#survey.faultyL1 && this.#copies.size === 0) return
    for (const root of this.#roots) {
      job.checkpoint()
      const { now, changed } = this.#mendedL1(root)
      if (this.#isOutside(root) || (changed.length > 0 && !this.#standsAlone(root)))
        this.#moves.set(root, room.lay(new Uint8Array(now.buffer)))
    }
  }

  /** Where L1 tables of snapshots will be, by where they are; the snapshot table must say so. */
  get movedSnapshots(): ReadonlyMap<number, number> {
    return new Map([...this.#moves].filter(([{ active }]) => !active).map(([{ at }, to]) => [at, to]))
  }

  apply(job: Job): void {
    const { storage, header } = this.#image
    for (const [table, { guest }] of this.#survey.faultyTables) this.#tellL2(this.#mendedTable(table, guest))
    for (const root of this.#survey.faultyL1 || this.#copies.size > 0 ? this.#roots : []) {
      job.checkpoint()
      const moved = this.#moves.get(root)
      const mended = this.#mendedL1(root)
      this.#tellL1(root, mended)
      if (moved === undefined) {
        this.#write(root.at, mended)
        continue
      }
      this.#mends.add('corruption', `Repairing the L1 table of ${root.name}: it gets a place of its own`, root.at)
      if (!root.active) continue
      header.l1Offset = moved
      writeSizeFields(storage, header)
    }
    storage.flush()
  }

  #tellL2({ changed }: Mended): void {
    for (const place of changed) this.#mends.add('corruption', `Repairing the L2 entry at ${hex(place)}`, place)
  }

  #tellL1({ name }: L1Root, { changed }: Mended): void {
    for (const place of changed) this.#mends.add('corruption', `Repairing the L1 entry of ${name} at ${hex(place)}`, place)
  }

  /** Writes the part of a table from the first entry that changed to the last; answers how many did. */
  #write(at: number, { now, changed }: Mended): number {
    const first = changed[0]
    const last = changed.at(-1)
    if (first === undefined || last === undefined) return 0
    const end = Math.min(now.byteLength, last - at + this.#image.geometry.l2EntryBytes)
    this.#image.storage.writeAt(first, new Uint8Array(now.buffer, first - at, end - (first - at)))
    return changed.length
  }

  #mendedTable(table: number, guest: number): Mended {
    const { geometry, storage, fileSize } = this.#image
    const { clusterSize, l2EntryBytes, extendedL2 } = geometry
    const now = read(storage, table, clusterSize)
    const changed: number[] = []
    for (let at = 0; at < clusterSize; at += l2EntryBytes) {
      const high = now.getUint32(at)
      const low = now.getUint32(at + 4)
      const zeros = extendedL2 ? now.getUint32(at + 8) : 0
      const allocated = extendedL2 ? now.getUint32(at + 12) : 0
      if ((high | low | zeros | allocated) === 0) continue
      const place = { geometry, guest: guest + (at / l2EntryBytes) * clusterSize, fileSize, zeros: this.#zeros }
      const entry = mendedL2({ high, low, zeros, allocated }, place)
      if (entry.high === high && entry.low === low && entry.zeros === zeros && entry.allocated === allocated) continue
      changed.push(table + at)
      now.setUint32(at, entry.high)
      now.setUint32(at + 4, entry.low)
      if (!extendedL2) continue
      now.setUint32(at + 8, entry.zeros)
      now.setUint32(at + 12, entry.allocated)
    }
    return { now, changed }
  }

  #mendedL1({ at: start, size }: L1Root): Mended {
    const { geometry, storage, fileSize } = this.#image
    const now = read(storage, start, size * 8)
    const changed: number[] = []
    for (let at = 0; at < now.byteLength; at += 8) {
      const high = now.getUint32(at)
      const low = now.getUint32(at + 4)
      if ((high | low) === 0) continue
      const entry = mendedL1(high, low, geometry, fileSize)
      const copy = this.#copies.get(hostOf(entry.high, entry.low))
      if (copy === undefined && entry.high === high && entry.low === low) continue
      changed.push(start + at)
      if (copy !== undefined) putL1(now, at, copy)
      else {
        now.setUint32(at, entry.high)
        now.setUint32(at + 4, entry.low)
      }
    }
    return { now, changed }
  }

  /** The most users that any of the clusters from host offset `at` on has. */
  #users(at: number, clusters: number): number {
    const first = at / this.#image.geometry.clusterSize
    let most = 0
    for (let i = 0; i < clusters; i++) most = Math.max(most, this.#survey.tally.get(first + i))
    return most
  }

  #standsAlone({ at, size }: L1Root): boolean {
    return this.#users(at, Math.ceil((size * 8) / this.#image.geometry.clusterSize)) <= 1
  }

  #isOutside({ at, size }: L1Root): boolean {
    return size > 0 && at + size * 8 - this.#image.fileSize >= this.#image.geometry.clusterSize
  }
}
