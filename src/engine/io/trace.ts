import { MemoryStorage } from './memory.ts'
import { StorageDecorator } from './storage-decorator.ts'
import type { Storage } from './storage.ts'

/** One call that a storage got. `bytes` is a copy of what was written; ranges and sizes are in bytes. */
export type TracedCall =
  | { kind: 'read'; at: number; length: number }
  | { kind: 'write'; at: number; length: number; bytes: Uint8Array }
  | { kind: 'zero'; at: number; length: number }
  | { kind: 'truncate'; size: number }
  | { kind: 'flush' }

/** A moment at which the power fails, and what of the unflushed calls had reached the disk. */
export interface PowerCut {
  /** how many of the calls were made; all of them where absent */
  upTo?: number
  /** whether a change after the last flush is on the disk, by the call's index */
  choose: (index: number) => boolean
  /** whether a sector of a chosen write is on the disk; all of them where absent */
  tear?: (index: number, sector: number) => boolean
}

/** What a disk writes whole or not at all. */
const SECTOR = 512

/** Records every call that changes or reads a storage, in order, and tells what a power cut could leave of it. */
export class TraceStorage extends StorageDecorator {
  readonly calls: TracedCall[] = []
  /** the content after the first `#durableCalls` calls, kept so that looking at each moment in turn stays cheap */
  #durable: MemoryStorage
  #durableCalls = 0
  readonly #base: MemoryStorage
  readonly #heard: (call: TracedCall) => void

  /** What `inner` holds now counts as durable. `heard` is told of every call, after it was made. */
  constructor(inner: Storage, heard: (call: TracedCall) => void = () => {}) {
    super(inner)
    this.#heard = heard
    this.#base = copyOf(inner)
    this.#durable = this.#base.clone()
  }

  #add(call: TracedCall): void {
    this.calls.push(call)
    this.#heard(call)
  }

  override readAt(at: number, into: Uint8Array): void {
    super.readAt(at, into)
    this.#add({ kind: 'read', at, length: into.length })
  }

  override writeAt(at: number, from: Uint8Array): void {
    super.writeAt(at, from)
    this.#add({ kind: 'write', at, length: from.length, bytes: from.slice() })
  }

  override zeroAt(at: number, length: number): void {
    super.zeroAt(at, length)
    this.#add({ kind: 'zero', at, length })
  }

  override allocateAt(at: number, length: number, written: boolean): void {
    super.allocateAt(at, length, written)
    this.#add({ kind: 'zero', at, length })
  }

  override truncate(size: number): void {
    super.truncate(size)
    this.#add({ kind: 'truncate', size })
  }

  override flush(): void {
    super.flush()
    this.#add({ kind: 'flush' })
  }

  /**
   * What could be on the disk: everything before the last flush, and of what came after it the changes that `choose` names. Each change is
   * whole, unless `tear` takes sectors out of a write.
   */
  afterCrash({ upTo = this.calls.length, choose, tear }: PowerCut): MemoryStorage {
    const made = this.calls.slice(0, upTo)
    const flushed = made.findLastIndex((call) => call.kind === 'flush') + 1
    const disk = this.#durableAt(flushed).clone()
    for (const [index, call] of made.entries()) {
      if (index < flushed || !choose(index)) continue
      if (tear && call.kind === 'write') writeTorn(disk, call, (sector) => tear(index, sector))
      else apply(disk, call)
    }
    return disk
  }

  #durableAt(count: number): MemoryStorage {
    if (count < this.#durableCalls) {
      this.#durable = this.#base.clone()
      this.#durableCalls = 0
    }
    for (const call of this.calls.slice(this.#durableCalls, count)) apply(this.#durable, call)
    this.#durableCalls = count
    return this.#durable
  }
}

function apply(disk: MemoryStorage, call: TracedCall): void {
  if (call.kind === 'write') disk.writeAt(call.at, call.bytes)
  else if (call.kind === 'zero') disk.zeroAt(call.at, call.length)
  else if (call.kind === 'truncate') disk.truncate(call.size)
}

/** Writes the pieces of a write that lie in the sectors of the disk that `reached` names by number. */
function writeTorn(disk: MemoryStorage, { at, bytes }: { at: number; bytes: Uint8Array }, reached: (sector: number) => boolean): void {
  for (let done = 0; done < bytes.length;) {
    const sector = Math.floor((at + done) / SECTOR)
    const end = Math.min(bytes.length, (sector + 1) * SECTOR - at)
    if (reached(sector)) disk.writeAt(at + done, bytes.subarray(done, end))
    done = end
  }
}

/** The same bytes in memory; holes stay holes. */
function copyOf(storage: Storage): MemoryStorage {
  if (storage instanceof MemoryStorage) return storage.clone()
  const copy = new MemoryStorage(storage.path)
  copy.truncate(storage.size)
  for (const run of storage.extents(0, storage.size)) {
    if (run.hole) continue
    const bytes = new Uint8Array(run.length)
    storage.readAt(run.at, bytes)
    copy.writeAt(run.at, bytes)
  }
  return copy
}
