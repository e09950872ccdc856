import { alignDown, alignUp } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import type { Storage } from '../../io/storage.ts'
import { BLOCK, RoomGiven } from '../../io/room-given.ts'
import type { CompactFacet, HeldRun } from '../driver.ts'
import { carries, type L2Entry, withZeros } from './entry.ts'
import type { Image } from './image.ts'
import { type MappedRun, NO_HOST } from './mapping.ts'
import { giveBackTail } from './shrink.ts'
import { punchSpare, spareRuns } from './spare-room.ts'

/** Freed clusters and holes that wait for a flush. */
const MAX_WAITING = 16384

/** Runs a change, and sees to what follows where it finds the image damaged. */
type Guard = <T>(change: () => T) => T

/** What takes room in an image, and giving it back. Without a guard, for looking only. */
export function compactFacet(image: Image, guard: Guard | false): CompactFacet {
  const held = new HeldRoom(image)
  const facet = {
    get hides() {
      return image.geometry.version === 3 || image.header.backing === undefined
    },
    next: (at: number) => held.next(at),
    roomOf: (at: number, length: number) => held.roomOf(at, length),
    spare: (job: Job) => held.spare(job),
  }
  if (!guard) return facet
  const giver = new Giver(image)
  return {
    ...facet,
    get hides() {
      return facet.hides
    },
    giving: {
      giveBack: (at, length) => guard(() => giver.giveBack(at, length)),
      flush: () => guard(() => giver.flush()),
      trim(job) {
        guard(() => giver.flush())
        punchSpare(image, job)
        giveBackTail(image)
        image.storage.flush()
      },
    },
  }
}

/** Finds what giving back would win. */
class HeldRoom {
  readonly #image: Image
  readonly #room: RoomGiven
  /** how many of its compressed clusters a host cluster has lost, by its number; those that lost all are gone from here */
  readonly #lost = new Map<number, number>()

  constructor(image: Image) {
    this.#image = image
    this.#room = new RoomGiven(image.data)
  }

  /** See `CompactFacet.next`. What a snapshot has too is left out: its room would stay taken. */
  next(from: number): HeldRun | undefined {
    const { header, mapping } = this.#image
    for (let at = from; at < header.size;) {
      if (!mapping.hasTable(at)) {
        at = mapping.reachEnd(at)
        continue
      }
      const run = mapping.run(at, header.size - at)
      const held = this.#held(at, run)
      if (typeof held !== 'number') return held
      at += held
    }
    return undefined
  }

  /** What of a run is held from its start on, or how many bytes of it there is nothing to win of. */
  #held(at: number, run: MappedRun): HeldRun | number {
    const { mapping, geometry, seal, raw } = this.#image
    const { clusterSize, subclusterSize: unit } = geometry
    const { kind, length, host } = run
    // The bytes of a raw data file are the disk's own: only what is zeros there as it lies can be given back.
    if (raw && (seal || kind !== 'data')) return length
    if (kind === 'packed') return mapping.ownsTable(at) ? { at, length, unit: clusterSize, zero: false } : length
    if (kind === 'hole' || host === NO_HOST || !run.exclusive) return length
    if (kind === 'zero') return this.#isSpent(at, run) ? length : { at, length, unit, zero: true }
    if (seal) return { at, length, unit, zero: false }
    const found = this.#room.written.run(host, length)
    // A unit that is written in part has to be read.
    if (found.written) return { at, length: Math.min(length, alignUp(found.length, unit)), unit, zero: false }
    const whole = found.length === length ? length : found.length - (found.length % unit)
    if (whole === 0) return { at, length: Math.min(length, unit), unit, zero: false }
    return raw ? whole : { at, length: whole, unit, zero: true }
  }

  /** Whether a run of zeros is of subclusters of which no block of the file can be won, while others of their cluster are in use. */
  #isSpent(at: number, { host, length }: MappedRun): boolean {
    if (!this.#image.geometry.extendedL2 || this.#image.mapping.entry(at).is !== 'split') return false
    const first = alignUp(host, BLOCK)
    return this.#room.written.bytes(first, Math.max(0, alignDown(host + length, BLOCK) - first)) === 0
  }

  /** See `CompactFacet.spare`. */
  spare(job: Job): number {
    const { storage, data } = this.#image
    const room = storage === data ? this.#room : new RoomGiven(storage)
    let bytes = 0
    for (const run of spareRuns(this.#image, job)) bytes += (run.storage === data ? this.#room : room).give(run.at, run.length)
    return bytes
  }

  /** See `CompactFacet.roomOf`. */
  roomOf(from: number, length: number): number {
    const { mapping, geometry } = this.#image
    let room = 0
    for (let at = from; at < from + length;) {
      const run = mapping.run(at, from + length - at)
      if (run.kind === 'packed') room += this.#packedRoom(mapping.entry(at))
      else if (run.host !== NO_HOST)
        // The last cluster of the disk is given back whole.
        room += this.#room.give(run.host, alignUp(run.length, geometry.external ? 1 : geometry.subclusterSize))
      at += run.length
    }
    return room
  }

  /** The room of the host clusters in which a compressed cluster is the last one left. */
  #packedRoom(entry: L2Entry): number {
    const { clusterSize } = this.#image.geometry
    if (entry.is !== 'packed') return 0
    let room = 0
    for (let cluster = Math.floor(entry.host / clusterSize); cluster * clusterSize < entry.host + entry.length; cluster++) {
      const lost = (this.#lost.get(cluster) ?? 0) + 1
      if (lost < this.#image.refcounts.get(cluster)) this.#lost.set(cluster, lost)
      else {
        this.#lost.delete(cluster)
        room += this.#room.give(cluster * clusterSize, clusterSize)
      }
    }
    return room
  }
}

/** Takes ranges of zeros out of the map, and their room out of the file once the map says so on stable storage. */
class Giver {
  readonly #image: Image
  /** what stays part of a cluster that is in use, or of the data file, and becomes a hole there */
  #holes: { at: number; length: number }[] = []

  constructor(image: Image) {
    this.#image = image
  }

  /** See `CompactFacet`. The disk reads as before, so that no bitmap hears of it. */
  giveBack(from: number, length: number): number {
    const image = this.#image
    image.touch()
    const { clusterSize } = image.geometry
    const end = from + length
    let given = 0
    for (let at = from; at < end;) {
      const next = Math.min(end, at - (at % clusterSize) + clusterSize)
      given += this.#withinCluster(at, next)
      at = next
      if (image.allocator.freeCount + this.#holes.length > MAX_WAITING) this.flush()
    }
    image.generation++
    return given
  }

  #withinCluster(from: number, to: number): number {
    const image = this.#image
    const { mapping, header, data } = image
    const { clusterSize, subclusterSize, external } = image.geometry
    const start = from - (from % clusterSize)
    const end = to === header.size ? start + clusterSize : alignUp(to, subclusterSize)
    const old = mapping.entry(from)
    if (image.raw) {
      data.zeroAt(from, to - from)
      return to - from
    }
    const whole = from === start && end === start + clusterSize
    if (old.is === 'hole' || (old.is === 'packed' && !whole)) return 0
    mapping.makeWritable(from)
    const entry = whole || old.is === 'packed' ? this.#zeros : withZeros(old, from - start, end - start, image.geometry)
    // Nothing is left of what had room: then the cluster goes, whatever else of it there is.
    if (!carries(entry)) image.release(old, 'request')
    else if (!external && old.is !== 'packed' && old.host !== undefined)
      this.#holes.push({ at: old.host + (from - start), length: end - from })
    if (external) this.#holes.push({ at: from, length: to - from })
    mapping.set(from, entry)
    return to - from
  }

  /** A cluster of zeros without room: where it can, it says so itself, whatever is put below the image later. */
  get #zeros(): L2Entry {
    return this.#image.geometry.version === 2 ? { is: 'hole' } : { is: 'zero', host: undefined, exclusive: false }
  }

  flush(): void {
    const { data } = this.#image
    this.#image.flush()
    const holes = this.#holes
    this.#holes = []
    for (const { at, length } of joined(holes, data)) data.zeroAt(at, length)
    if (holes.length > 0) data.flush()
  }
}

/** Ranges of a file in order, those that touch as one, up to the file's end. */
function* joined(ranges: { at: number; length: number }[], { size }: Storage): Generator<{ at: number; length: number }> {
  ranges.sort((a, b) => a.at - b.at)
  for (let i = 0; i < ranges.length;) {
    const { at } = ranges[i]!
    let end = at
    for (; i < ranges.length && ranges[i]!.at <= end; i++) end = Math.max(end, at, ranges[i]!.at + ranges[i]!.length)
    end = Math.min(end, size)
    if (end > at) yield { at, length: end - at }
  }
}
