import type { BitmapInfo } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import { bytesOf } from '../../base/bytes.ts'
import { isPowerOfTwo } from '../../base/ints.ts'
import type { BitmapFacet } from '../driver.ts'
import { type BitmapRecord, isTablePossible, readDirectory } from './bitmap-directory.ts'
import { markedRanges } from './bitmap-table.ts'
import { type BitmapTracker, isEnabled, isUsable } from './bitmap-tracker.ts'
import type { Image } from './image.ts'
import { BITMAP_FLAG, LIMITS } from './layout.ts'
import { type GuestRange, MarkedRanges } from './marked-ranges.ts'

/** The bitmaps of an image. Changes need the tracker of an image that is open for writing; each is in the file when it returns. */
export function bitmapFacet(image: Image, tracker?: BitmapTracker): BitmapFacet {
  const bitmaps = new Bitmaps(image, tracker)
  return {
    list: () => bitmaps.list(),
    add: (name, granularity, enabled) => bitmaps.add(name, granularity, enabled),
    remove: (name) => bitmaps.remove(name),
    clear: (name) => bitmaps.clear(name),
    enable: (name) => bitmaps.setEnabled(name, true),
    disable: (name) => bitmaps.setEnabled(name, false),
    marked: (name) => bitmaps.marked(name),
    mark: (name, ranges) => bitmaps.mark(name, ranges),
  }
}

class Bitmaps {
  readonly #image: Image
  readonly #tracker: BitmapTracker | undefined

  constructor(image: Image, tracker: BitmapTracker | undefined) {
    this.#image = image
    this.#tracker = tracker
  }

  /** As they stand in the file: without a tracker nothing changes them. */
  get #records(): readonly BitmapRecord[] {
    const { storage, header, geometry } = this.#image
    return this.#tracker?.store.records ?? readDirectory(storage, header, geometry)
  }

  list(): BitmapInfo[] {
    return this.#records.map((record) => {
      const flags: BitmapInfo['flags'] = []
      if (this.#isInconsistent(record)) flags.push('in-use')
      if (isEnabled(record)) flags.push('auto')
      return { name: record.name, granularity: 2 ** record.granularityBits, flags }
    })
  }

  #isInconsistent(record: BitmapRecord): boolean {
    return this.#tracker?.isInconsistent(record) ?? (record.flags & BITMAP_FLAG.inUse) !== 0
  }

  #find(name: string): BitmapRecord {
    const record = this.#records.find((one) => one.name === name)
    if (record) return record
    throw new StrataError('NOT_FOUND', `Dirty bitmap '${name}' not found`, { path: this.#image.storage.path, field: 'bitmap' })
  }

  /** A bitmap whose bits may be looked at and changed. */
  #findUsable(name: string): BitmapRecord {
    const record = this.#find(name)
    const where = { path: this.#image.storage.path, offset: record.at, field: 'bitmap' }
    if (this.#isInconsistent(record))
      throw new StrataError('UNSUPPORTED', `Bitmap '${name}' is inconsistent and cannot be used`, where, 'Remove it and add a new one.')
    if (!isUsable(record))
      throw new StrataError(
        'UNSUPPORTED',
        `Bitmap '${name}' has extra data that Strata does not know`,
        where,
        'Remove it and add a new one.',
      )
    return record
  }

  /** To be called before every change: afterwards the file holds all that is known. */
  #changing(): BitmapTracker {
    const { storage, header, geometry } = this.#image
    if (!storage.writable) throw new StrataError('READ_ONLY', 'The disk was opened for reading only', { path: storage.path })
    if (!this.#tracker) {
      readDirectory(storage, header, geometry) // says what is wrong with it
      throw new StrataError('READ_ONLY', 'The bitmaps of this image may not be changed', { path: storage.path })
    }
    this.#image.touch()
    this.#tracker.absorb()
    return this.#tracker
  }

  add(name: string, granularity: number, enabled: boolean): void {
    const { header, storage, geometry } = this.#image
    const { path } = storage
    const refuse = (message: string, field = 'bitmap'): StrataError => new StrataError('INVALID_ARGUMENT', message, { path, field })
    const nameBytes = bytesOf(name)
    if (name === '') throw refuse('Bitmap name cannot be empty')
    if (nameBytes.length > LIMITS.bitmapName) throw refuse(`Name length exceeds maximum (${LIMITS.bitmapName} characters)`)
    if (this.#records.some((record) => record.name === name))
      throw new StrataError('EXISTS', `Bitmap already exists: ${name}`, { path, field: 'bitmap' }, 'Choose another name.')
    if (!isPowerOfTwo(granularity) || granularity < 2 ** LIMITS.minGranularityBits)
      throw refuse('Granularity must be power of 2 and at least 512', 'granularity')
    const granularityBits = Math.log2(granularity)
    if (granularityBits > LIMITS.maxGranularityBits) throw refuse('Granularity exceeds maximum (2147483648 bytes)', 'granularity')
    if (header.version === 2)
      throw new StrataError(
        'UNSUPPORTED',
        'Cannot store dirty bitmaps in qcow2 v2 files',
        { path, field: 'version' },
        'Change the image to compat 1.1 first.',
      )
    if (header.size === 0) throw refuse('A disk without a byte can have no bitmap')
    if (!isTablePossible(geometry, header.size, granularityBits))
      throw refuse('Too much space will be occupied by the bitmap. Use larger granularity', 'granularity')
    if (this.#records.length >= LIMITS.bitmaps) throw refuse('Maximum number of persistent bitmaps is already reached')
    const { store } = this.#changing()
    const flags = enabled ? BITMAP_FLAG.auto : 0
    const record = { at: 0, name, nameBytes, flags, granularityBits, extra: new Uint8Array(), ...store.emptyTable(granularityBits) }
    store.publish([...store.records, record], [])
  }

  remove(name: string): void {
    this.#find(name)
    const tracker = this.#changing()
    const gone = this.#find(name)
    tracker.store.publish(
      tracker.store.records.filter((record) => record.name !== name),
      tracker.store.isSound(gone) ? tracker.store.clustersOf(gone) : [],
    )
    tracker.forget(name)
  }

  clear(name: string): void {
    this.#findUsable(name)
    const { store } = this.#changing()
    store.clear(this.#findUsable(name))
  }

  setEnabled(name: string, enabled: boolean): void {
    this.#findUsable(name)
    const { store } = this.#changing()
    const flagged = (flags: number): number => (enabled ? flags | BITMAP_FLAG.auto : flags & ~BITMAP_FLAG.auto)
    store.writeFlags((record) => (record.name === name ? flagged(record.flags) : record.flags))
  }

  marked(name: string): Iterable<GuestRange> {
    this.#tracker?.absorb()
    const { storage, geometry, header } = this.#image
    return markedRanges(storage, geometry, this.#findUsable(name), header.size)
  }

  mark(name: string, ranges: Iterable<GuestRange>): void {
    const marks = new MarkedRanges(2 ** this.#findUsable(name).granularityBits)
    for (const { at, length } of ranges) if (length > 0) marks.mark(at, length)
    if (marks.isEmpty) return
    const { store } = this.#changing()
    store.addMarks([this.#findUsable(name)], marks)
  }
}
