import { StrataError } from '../../../shared/errors.ts'
import { type BitmapRecord, isTablePossible } from './bitmap-directory.ts'
import { BitmapStore } from './bitmap-store.ts'
import type { Image } from './image.ts'
import { BITMAP_FLAG } from './layout.ts'
import { MarkedRanges } from './marked-ranges.ts'
import type { WriteTracker } from './write-tracker.ts'

/** Marks are brought to the file when they take this many bytes of memory. */
const MAX_MARKS = 64 * 2 ** 20
/** Table entries of all bitmaps that are kept right in one session. More, of which each would be read and written, nobody made in earnest. */
const MAX_ENTRIES = 2 ** 24

/**
 * Keeps an image's enabled bitmaps right while it is written. Marks gather in memory, once for all bitmaps; as long as they are only there,
 * the bitmaps in the file are flagged as in use, so that nobody trusts them after a crash.
 */
export class BitmapTracker implements WriteTracker {
  readonly store: BitmapStore
  /** the bitmaps that are flagged as in use by this tracker, by name */
  readonly #claimed = new Set<string>()
  /** present while somebody wants to know of writes; 'none' while nobody does */
  #marks: MarkedRanges | 'none' | undefined
  /** whether the disk's size has changed, which tables may not know yet */
  #resized = false

  constructor(store: BitmapStore) {
    this.store = store
  }

  /** Whether a bitmap's bits are not what they should be: whoever wrote it last did not end rightly. */
  isInconsistent(record: BitmapRecord): boolean {
    return (record.flags & BITMAP_FLAG.inUse) !== 0 && !this.#isMine(record)
  }

  mark(at: number, length: number): void {
    const marks = (this.#marks ??= this.#begin())
    if (marks === 'none' || length === 0) return
    marks.mark(at, length)
    if (marks.bytes > MAX_MARKS) this.absorb()
  }

  /** Before the first write: flags what will be marked. The finest granularity serves all. */
  #begin(): MarkedRanges | 'none' {
    const enabled = this.store.records.filter((record) => isEnabled(record) && !this.isInconsistent(record))
    this.#claim(enabled)
    const kept = this.#mine.filter(isEnabled)
    if (kept.length === 0) return 'none'
    return new MarkedRanges(2 ** kept.reduce((finest, { granularityBits }) => Math.min(finest, granularityBits), Infinity))
  }

  /** Flags bitmaps as in use. What has extra data of unknown meaning, a damaged table, or too large a one, cannot be kept: it stays flagged, for good. */
  #claim(records: readonly BitmapRecord[]): void {
    const names = new Set(records.map(({ name }) => name))
    this.store.writeFlags((record) => (names.has(record.name) ? record.flags | BITMAP_FLAG.inUse : record.flags))
    let room = MAX_ENTRIES
    for (const record of records) {
      room -= record.tableSize
      if (room >= 0 && isUsable(record) && this.store.isSound(record)) this.#claimed.add(record.name)
    }
  }

  /** Brings the marks to the file; the bitmaps stay flagged. To be called before bitmaps are looked at or changed. */
  absorb(): void {
    const marks = this.#marks
    this.#marks = undefined
    if (marks === undefined || marks === 'none' || marks.isEmpty) return
    try {
      this.store.addMarks(this.#mine.filter(isEnabled), marks)
    } catch (error) {
      this.store.broken = true // the marks are lost
      throw error
    }
  }

  get #mine(): BitmapRecord[] {
    return this.store.records.filter((record) => this.#isMine(record))
  }

  /** Whether a bitmap is flagged, and will be right in the end. A disk's new size may be too much for it: then it stays flagged. */
  #isMine({ name, granularityBits }: BitmapRecord): boolean {
    const { geometry, header } = this.store.image
    return this.#claimed.has(name) && isTablePossible(geometry, header.size, granularityBits)
  }

  resizing(): void {
    this.#claim(this.store.records.filter((record) => !this.isInconsistent(record)))
    this.#resized = true
  }

  settle(): void {
    if (this.store.broken) return
    this.absorb()
    if (this.#resized) this.store.addMarks(this.#mine, new MarkedRanges(1), true)
    this.#resized = false
    this.store.writeFlags((record) => (this.#isMine(record) ? record.flags & ~BITMAP_FLAG.inUse : record.flags))
    this.#claimed.clear()
  }

  /** To be called when a bitmap is gone: another one of that name is another one. */
  forget(name: string): void {
    this.#claimed.delete(name)
  }
}

/** The tracker of an image that is open for writing; none where its bitmaps cannot be read: then the first write drops them. */
export function trackWrites(image: Image): BitmapTracker | undefined {
  try {
    return new BitmapTracker(new BitmapStore(image))
  } catch (error) {
    if (error instanceof StrataError && error.code === 'CORRUPT') return undefined
    throw error
  }
}

export function isEnabled({ flags }: BitmapRecord): boolean {
  return (flags & BITMAP_FLAG.auto) !== 0
}

/** Whether a bitmap may be used and changed in spite of extra data that nobody has given a meaning yet (section "Bitmap directory"). */
export function isUsable({ extra, flags }: BitmapRecord): boolean {
  return extra.length === 0 || (flags & BITMAP_FLAG.extraCompatible) !== 0
}
