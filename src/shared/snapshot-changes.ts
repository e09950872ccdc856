import type { SourceImage } from './requests.ts'

/** Where two states of one image read differently: `snapshot` (or, absent, the disk as it is) against `since`. */
export interface SnapshotChangesRequest extends SourceImage {
  /** the snapshot, by its id or name, that it is held against */
  since: string
  /** guest bytes from the start: where to look from */
  start: number
  /** time for this answer; what takes longer comes with the next one. Default 200. */
  milliseconds?: number
}

/** Blocks that are told apart, in guest bytes. */
export const CHANGE_GRAIN = 65_536
/** Ranges in one answer. */
export const MOST_CHANGES = 4096

export interface SnapshotChanges {
  /** guest bytes of the larger of the two; the other one reads as zeros behind its end */
  size: number
  /** offset and length of each range that differs, in order, as one list; ranges begin and end at blocks or where the disk's map changes */
  ranges: number[]
  /** where to go on, if there is more */
  next?: number
}
